/** Shows what the worker tells. */
const element = (id) => document.getElementById(id);
const EPOCHS = Number(new URLSearchParams(location.search).get('epochs') ?? 6);

let worker;
let lines = { loss: [], gamma: [] };

element('start').onclick = start;
element('stop').onclick = () => worker.postMessage('stop');

function start() {
  worker?.terminate();
  worker = new Worker('worker.js', { type: 'module' });
  lines = { loss: [], gamma: [] };
  worker.onmessage = ({ data }) => show[data.kind](data);
  worker.onerror = ({ message }) => show.error({ message });
  worker.postMessage({ epochs: EPOCHS });
  setRunning(true);
  element('download').hidden = true;
  element('state').textContent = 'Reading the pictures…';
}

const show = {
  steps({ epoch, step, steps, loss, gamma, imagesPerSecond, secondsLeft }) {
    lines.loss.push(loss);
    lines.gamma.push(gamma);
    element('progress').value = (step + 1) / steps;
    element('state').textContent = `Step ${step + 1} of ${steps}, ${Math.round(secondsLeft)} s left`;
    element('epoch').textContent = `${epoch + 1} of ${EPOCHS}`;
    element('loss').textContent = loss.toFixed(3);
    element('rate').textContent = Math.round(imagesPerSecond).toLocaleString('en');
    draw('loss-line', lines.loss, Math.max(...lines.loss), steps, step);
    draw('gamma-line', lines.gamma, 1, steps, step);
  },
  epoch({ accuracy }) {
    element('accuracy').textContent = `${(100 * accuracy).toFixed(1)} %`;
  },
  done({ dyad, accuracy, flavour }) {
    setRunning(false);
    element('state').textContent = `Done on ${flavour}: ${(100 * accuracy).toFixed(1)} % of the test pictures with integers only, ${dyad.length.toLocaleString('en')} bytes`;
    const link = element('download');
    link.href = URL.createObjectURL(new Blob([dyad]));
    link.hidden = false;
    window.result = { bytes: dyad.length, accuracy };
  },
  stopped({ step }) {
    setRunning(false);
    element('state').textContent = `Stopped after step ${step}.`;
    window.result = { stopped: step };
  },
  error({ message }) {
    setRunning(false);
    element('state').textContent = message;
    window.result = { error: message };
  },
};

function setRunning(isRunning) {
  element('start').disabled = isRunning;
  element('stop').disabled = !isRunning;
}

/** Values from 0 to `top`, as far across as the run has come. */
function draw(id, values, top, steps, step) {
  const width = (320 * (step + 1)) / steps;
  const x = (i) => (values.length === 1 ? 0 : (width * i) / (values.length - 1));
  element(id).setAttribute('d', values.map((value, i) => `${i === 0 ? 'M' : 'L'}${x(i).toFixed(1)} ${(148 - (130 * value) / top).toFixed(1)}`).join(''));
}
