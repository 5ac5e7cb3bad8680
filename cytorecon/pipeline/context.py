"""What a batch shares, frozen: scales and gate priors. Saved with the study, used for every new tube."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ValidationError

from cytorecon.errors import KnowledgeError
from cytorecon.gating.prior import SETTLED_TUBES, GatingPrior
from cytorecon.pipeline.given import Given
from cytorecon.transforms import TransformSet
from cytorecon.values import Frozen


class BatchContext(Frozen):
    """What the tubes of one batch share.

    Parameters
    ----------
    batch : str
        See :func:`~cytorecon.pipeline.source.batch_of`.
    template, template_version, template_sha256 : str
        What was looked for.
    scales : str
        ``TransformSet`` as JSON.
    prior : GatingPrior
        What the tubes together taught, and how many they were.
    notes : tuple of str
        Assumptions made on the way, in words.
    """

    batch: str
    template: str
    template_version: str
    template_sha256: str
    scales: str
    prior: GatingPrior
    notes: tuple[str, ...] = ()

    @property
    def transforms(self) -> TransformSet:
        """The scales."""
        return TransformSet.from_json(self.scales)

    @property
    def is_settled(self) -> bool:
        """Whether it was learned from enough tubes to stay as it is."""
        return self.prior.tubes >= SETTLED_TUBES


class AnalysisSettings(Frozen):
    """The frozen contexts of a study, by batch, and what the user said about all its files."""

    software_version: str
    batches: Mapping[str, BatchContext] = {}
    given: Given = Given()

    @classmethod
    def from_json(cls, text: str) -> AnalysisSettings:
        """Return the settings a study was stored with.

        Raises
        ------
        KnowledgeError
            If the text is not of this kind.
        """
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise KnowledgeError(
                "The settings stored with the study cannot be read.",
                found=f"{error.error_count()} problems, first: {error.errors()[0]['msg']}",
                hint="The study was written by another version; analyse it again into a new folder.",
            ) from error
