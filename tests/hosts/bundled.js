/** A page that has a bundled worker do everything. */
const worker = new Worker(new URL('./bundled-worker.js', import.meta.url), { type: 'module' });
worker.onmessage = ({ data }) => {
  window.result = data;
};
worker.onerror = ({ message }) => {
  window.result = { error: message };
};
