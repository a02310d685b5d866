const authorization = AUTHORIZATION;
const ui = SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  tryItOutEnabled: true,
  validatorUrl: null,
  onComplete() {
    // `Bearer X` belongs into the scheme `http`, where only X is filled in; any other value is that of an `apiKey`.
    const schemes = ui.specSelectors.specJson().toJS().components.securitySchemes ?? {};
    for (const [name, scheme] of Object.entries(schemes))
      for (const value of authorization)
        if ((scheme.type === "http") === value.startsWith("Bearer "))
          ui.preauthorizeApiKey(name, value.replace(/^Bearer /, ""));
  },
});
