// The tube column of the worklist: a link that the keyboard reaches, without a reload of the page.
window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {};
window.dashAgGridComponentFunctions.TubeLink = function (props) {
  const address = "/gates?tube=" + encodeURIComponent(props.value);
  return React.createElement(window.dash_core_components.Link, { href: address }, props.value);
};
