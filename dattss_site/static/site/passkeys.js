// @ts-check
// Says on the page what went wrong with a passkey; allauth's script only writes it to the console.

/** @type {Record<string, string>} */
const REASONS = {
  NotAllowedError: 'Nothing was done: you cancelled, it took too long, or this device has no passkey for here.',
  InvalidStateError: 'This device has a passkey for here already.',
  SecurityError: 'The browser allows passkeys only at the address that this server was set up with.',
};

document.addEventListener('allauth.error', (event) => {
  const place = document.getElementById('passkey-problem');
  if (!place || !(event instanceof CustomEvent)) return;
  event.preventDefault();
  const problem = event.detail.exception;
  place.textContent = REASONS[problem?.name] ?? `The passkey could not be used: ${problem?.message ?? problem}`;
  place.hidden = false;
});
