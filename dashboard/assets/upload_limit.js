// dcc.Upload drops a file that is too large without a word; this says why.
(function () {
  const LIMIT_BYTES = 25000000; // the same as LIMIT_BYTES in services/uploads.py

  function tell(files) {
    const file = files && files[0];
    if (!file || file.size <= LIMIT_BYTES) {
      return;
    }
    const size = Math.ceil(file.size / 1000000);
    window.dash_clientside.set_props("upload-file-state", {
      children: "✕ The file has " + size + " MB; up to 25 MB can be uploaded here. Use `cytorecon batch` for it.",
    });
  }

  function inZone(event) {
    return event.target instanceof Element && event.target.closest("#upload-file") !== null;
  }

  document.addEventListener("change", function (event) {
    if (inZone(event)) {
      tell(event.target.files);
    }
  }, true);
  document.addEventListener("drop", function (event) {
    if (inZone(event) && event.dataTransfer) {
      tell(event.dataTransfer.files);
    }
  }, true);
})();
