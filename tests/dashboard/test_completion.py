"""What is not known about a patient can be filled in; what is known stays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from dash import Dash, no_update

from cytorecon.errors import StoreError
from cytorecon.store import StudyStore
from cytorecon.study.model import Anchor, Patient
from dashboard import ids
from dashboard.callbacks.completion import save
from dashboard.components.completion_form import completion_form
from dashboard.services.completion import Completion, complete, unknown_facts
from dashboard.services.study import StudyService, current_study
from dashboard.services.uploads import upload
from tests.dashboard.rendered import by_id, text
from tests.dashboard.test_uploads import FORM


@pytest.fixture
def bare(service: StudyService) -> StudyService:
    """Return a study with P99, of whom nothing is known."""
    assert upload(service, replace(FORM, patient="P99")).job
    return service


def test_what_is_not_known_is_stored(bare: StudyService) -> None:
    assert complete(bare, "P99", age=" 7.5 ", sex="male", programme="car_t") == Completion()
    assert bare.snapshot().study.patient("P99") == Patient(
        patient="P99",
        age_years=7.5,
        sex="male",
        programme="car_t",
        anchors=(Anchor(name="CART1", kind="car_t"),),
    )


def test_one_thing_after_the_other(bare: StudyService) -> None:
    assert complete(bare, "P99", age="", sex="female", programme="").stored
    assert unknown_facts(bare.snapshot().study.patient("P99")) == {"age", "programme", "cmv"}
    assert complete(bare, "P99", age="30", sex="male", programme="").stored
    known = bare.snapshot().study.patient("P99")
    assert (known.age_years, known.sex, known.programme) == (30.0, "female", "unknown")


def test_cmv_antibodies_are_stored_and_stay(bare: StudyService) -> None:
    assert complete(bare, "P99", age="30", sex="", programme="", cmv="positive").stored
    assert bare.snapshot().study.patient("P99").cmv == "positive"
    assert complete(bare, "P99", age="", sex="", programme="", cmv="negative").stored
    assert bare.snapshot().study.patient("P99").cmv == "positive", "what is known stays"
    assert (
        complete(bare, "P99", age="", sex="", programme="", cmv="maybe").problem == "Choose from the lists."
    )


def test_what_is_known_stays(service: StudyService) -> None:
    before = service.snapshot().study.patient("P01")
    assert unknown_facts(before) == {"cmv"}
    assert complete(service, "P01", age="3,5", sex="male", programme="car_t").stored
    assert service.snapshot().study.patient("P01") == before


@pytest.mark.parametrize(
    ("typed", "outcome"),
    [
        (("7,5", "", ""), ("This is not a number. Found: 7,5. Allowed: a number. Write the number with a "
         "decimal point and no separator of thousands.")),
        (("345", "", ""), "Enter the age on day 0 in years, 0 to 120, or leave it empty."),
        (("", "boy", ""), "Choose from the lists."),
        (("", "", "nope"), "Choose from the lists."),
        (("", "", ""), "Fill in what is known."),
        ((None, "", ""), "Fill in what is known."),
    ],
)  # fmt: skip
def test_mistakes_are_told_and_nothing_is_stored(
    bare: StudyService, typed: tuple[str | None, str, str], outcome: str
) -> None:
    before = bare.store.revision()
    found = complete(bare, "P99", age=typed[0], sex=typed[1], programme=typed[2])
    assert found.age_problem + found.problem == outcome
    assert bare.store.revision() == before


def test_a_patient_that_is_not_there(service: StudyService) -> None:
    told = complete(service, "P77", age="3", sex="", programme="").problem
    assert told == "There is no patient P77 in this study."


def test_an_error_of_the_store_is_told(bare: StudyService, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_self: StudyStore, _patient: Patient) -> None:
        raise StoreError("The study is locked.", hint="Try again.")

    monkeypatch.setattr(StudyStore, "complete_patient", fail)
    assert complete(bare, "P99", age="3", sex="", programme="").problem == "The study is locked. Try again."


def test_the_form_asks_for_what_is_not_known_only() -> None:
    known = Patient(patient="P1", age_years=3.0, sex="male", programme="car_t", cmv="negative")
    assert completion_form(known) is None
    form = completion_form(known.model_copy(update={"age_years": None}))
    assert "Not known yet" in text(form)
    hidden = {name: by_id(form, name) is not None for name in (ids.COMPLETE_AGE, ids.COMPLETE_SEX)}
    assert hidden == {ids.COMPLETE_AGE: True, ids.COMPLETE_SEX: True}


@pytest.fixture
def request_context(app: Dash) -> Iterator[None]:
    with app.server.test_request_context():
        yield


@pytest.mark.usefixtures("request_context")
def test_the_page_is_drawn_again_with_what_is_known_now() -> None:
    upload(current_study(), replace(FORM, patient="P99"))
    refused = save(1, "x", None, None, None, "P99", None, None, None)
    assert refused[:3] == (no_update, no_update, no_update)
    assert refused[4] == "This is not a number. Found: a single letter. Allowed: a number."
    content, heading, revision, message, error = save(
        1, "7.5", "male", "car_t", "negative", "P99", None, None, None
    )
    assert "7 years" in text(content)
    assert "Not known yet" not in text(content)
    assert heading == "P99 · recovery after CART"
    assert (revision, message, error) == (current_study().store.revision(), "", None)
    assert save(None, None, None, None, None, "P99", None, None, None)[0] is no_update
