window.SwaggerUIBundle({
  url: new URL("api/openapi.json", document.baseURI).href,
  dom_id: "#viewer",
  deepLinking: true,
  validatorUrl: null,
  displayRequestDuration: true,
  docExpansion: "none",
  filter: true,
});
