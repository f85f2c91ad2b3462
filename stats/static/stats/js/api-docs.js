// @ts-check
/** Swagger UI on the page of the API, begun from a file of its own: the content policy lets no script into the page. */

const place = /** @type {HTMLElement} */ (document.getElementById("swagger-ui"));

// @ts-ignore  (a global of swagger-ui-bundle.js)
SwaggerUIBundle({
  url: place.dataset.schema,
  domNode: place,
  deepLinking: true,
  withCredentials: true,
});
