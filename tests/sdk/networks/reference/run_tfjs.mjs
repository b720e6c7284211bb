// Runs TensorFlow.js graph models on its plain CPU backend, which shares no code with ONNX Runtime.
//
// node run_tfjs.mjs JOBS.json: a list of {model, input, shape, outputs: {NODE: FILE}}. Files hold little-endian
// float32 values and nothing else; `model` is the JSON file of a graph model with its weights beside it.

import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { loadGraphModel } from '@tensorflow/tfjs-converter';

function bytes(path) {
  const data = readFileSync(path);
  return data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength);
}

function fromFiles(path) {
  return {
    load: async () => {
      const document = JSON.parse(readFileSync(path, 'utf8'));
      const [group] = document.weightsManifest;
      return {
        modelTopology: document.modelTopology,
        signature: document.signature,
        weightSpecs: group.weights,
        weightData: bytes(join(dirname(path), group.paths[0])),
      };
    },
  };
}

await tf.setBackend('cpu');
for (const job of JSON.parse(readFileSync(process.argv[2], 'utf8'))) {
  const model = await loadGraphModel(fromFiles(job.model));
  const input = tf.tensor(new Float32Array(bytes(job.input)), job.shape);
  const names = Object.keys(job.outputs);
  const results = model.execute({ [model.inputs[0].name]: input }, names);
  [results].flat().forEach((tensor, index) => {
    writeFileSync(job.outputs[names[index]], new Uint8Array(Float32Array.from(tensor.dataSync()).buffer));
  });
}
