// Reads a trace with the engine of Chrome's DevTools: `node read.mjs FOLDER TRACE`. FOLDER has the engine in `node_modules`. Prints as JSON
// what the engine found: the spans of each named track, by process.
import { readFileSync } from 'node:fs';

const [folder, file] = process.argv.slice(2);
globalThis.DOMRect = class {};
const { Processor } = await import(`${folder}/node_modules/@paulirish/trace_engine/models/trace/trace.js`);
const engine = Processor.TraceProcessor.createWithAllHandlers();
await engine.parse(JSON.parse(readFileSync(file, 'utf8')).traceEvents, { isFreshRecording: false, metadata: {} });
const tracks = [];
for (const [pid, { threads }] of engine.data.Renderer.processes) {
  for (const [tid, { name, entries }] of threads) {
    tracks.push({ pid, tid, name, spans: entries.map(({ name, ts, dur }) => [name, ts, dur]) });
  }
}
console.log(JSON.stringify({ isOfNoBrowser: engine.data.Meta.traceIsGeneric, tracks }));
