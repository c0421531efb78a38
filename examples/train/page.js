/** Shows what the worker tells. */
import { drawChart } from './chart.js';

const element = (id) => document.getElementById(id);
const EPOCHS = Number(new URLSearchParams(location.search).get('epochs') ?? 6);
/** Steps in a point of the accuracy's line: a batch alone is mostly noise. */
const WINDOW = 10;

let worker;
/** Points [step, value], and whether a frame is asked for. */
let history;
/** 'idle', 'running' or 'stopped'. */
let phase = 'idle';

element('start').onclick = begin;
element('pause').onclick = () => (phase === 'running' ? stop() : resume());
clear();

function clear() {
  history = { loss: [], gamma: [], accuracy: [], test: [], steps: undefined, isPending: false };
  draw();
}

function begin() {
  worker?.terminate();
  worker = new Worker('worker.js', { type: 'module' });
  worker.onmessage = ({ data }) => show[data.kind](data);
  worker.onerror = ({ message }) => show.error({ message });
  worker.postMessage({ kind: 'start', epochs: EPOCHS });
  clear();
  element('deployed').hidden = true;
  for (const id of ['epoch', 'loss', 'accuracy', 'rate']) element(id).textContent = '–';
  enter('running', 'Reading the pictures…');
}

function stop() {
  worker.postMessage({ kind: 'stop' });
  element('pause').disabled = true;
}

function resume() {
  worker.postMessage({ kind: 'resume' });
  enter('running', 'Going on…');
}

const show = {
  step({ epoch, step, steps, loss, accuracy, gamma, imagesPerSecond, secondsLeft }) {
    history.steps = steps;
    history.loss.push([step, loss]);
    history.gamma.push([step, gamma]);
    history.accuracy.push([step, accuracy]);
    element('progress').value = (step + 1) / steps;
    element('epoch').textContent = `${epoch + 1} of ${EPOCHS}`;
    element('loss').textContent = loss.toFixed(3);
    element('rate').textContent = Math.round(imagesPerSecond).toLocaleString('en');
    if (phase === 'running') element('state').textContent = `Step ${step + 1} of ${steps}, ${Math.round(secondsLeft)} s left`;
    redraw();
  },
  epoch({ step, accuracy }) {
    history.test.push([step, accuracy]);
    element('accuracy').textContent = percent(accuracy);
    redraw();
  },
  stopped({ step }) {
    enter('stopped', `Stopped after step ${step}. The trainer keeps everything: go on whenever you like.`);
    window.result = { stopped: step };
  },
  compiling() {
    element('pause').disabled = true;
    element('state').textContent = 'Compiling to integers…';
  },
  done({ dyad, accuracy, flavour, milliseconds, pictures }) {
    enter('idle', 'Done.');
    element('summary').textContent = `${percent(accuracy)} of the 1,000 test pictures with integers only, ${(dyad.length / 1e3).toFixed(1)} kB, ${milliseconds.toFixed(2)} ms a picture (${flavour}). The first twelve:`;
    element('pictures').replaceChildren(...pictures.map(pictureItem));
    element('download').href = URL.createObjectURL(new Blob([dyad]));
    element('deployed').hidden = false;
    window.result = { bytes: dyad.length, accuracy };
  },
  error({ message }) {
    enter('idle', message);
    window.result = { error: message };
  },
};

function enter(next, text) {
  phase = next;
  element('state').textContent = text;
  element('start').disabled = next === 'running';
  element('start').textContent = next === 'stopped' ? 'Start over' : 'Train';
  element('start').className = next === 'stopped' ? 'quiet' : '';
  element('pause').disabled = next === 'idle';
  element('pause').textContent = next === 'stopped' ? 'Resume' : 'Stop';
  element('pause').className = next === 'stopped' ? '' : 'quiet';
}

function percent(share) {
  return `${(100 * share).toFixed(1)} %`;
}

/** At most once a frame. */
function redraw() {
  if (history.isPending) return;
  history.isPending = true;
  requestAnimationFrame(draw);
}

function draw() {
  history.isPending = false;
  const { loss, gamma, accuracy, test, steps } = history;
  const means = accuracy.map(([step], i) => {
    const last = accuracy.slice(Math.max(0, i + 1 - WINDOW), i + 1);
    return [step, last.reduce((sum, [, value]) => sum + value, 0) / last.length];
  });
  const highest = Math.max(1, ...loss.map(([, value]) => value));
  drawChart(element('loss-chart'), { line: loss, steps, top: Math.ceil(highest), format: (value) => value.toFixed(1) });
  drawChart(element('accuracy-chart'), { line: means, dots: test, steps, top: 1, format: (value) => `${100 * value} %` });
  drawChart(element('gamma-chart'), { line: gamma, steps, top: 1, format: (value) => value.toFixed(1) });
}

/** Ink with the picture's brightness as its opacity, so that it fits a light page; on a dark one CSS inverts it. */
function pictureItem({ pixels, label, guess, share }) {
  const item = document.createElement('li');
  const canvas = Object.assign(document.createElement('canvas'), { width: 28, height: 28 });
  const image = new ImageData(28, 28);
  pixels.forEach((pixel, i) => (image.data[4 * i + 3] = pixel));
  canvas.getContext('2d').putImageData(image, 0, 0);
  canvas.setAttribute('role', 'img');
  canvas.setAttribute('aria-label', label);
  const small = document.createElement('small');
  small.textContent = guess === label ? `✓ ${percent(share)}` : `✗ it is: ${label}`;
  item.className = guess === label ? '' : 'wrong';
  item.append(canvas, guess, small);
  return item;
}
