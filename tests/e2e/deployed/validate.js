// node validate.js TOOLS: reads a list of Kubernetes objects (JSON) and prints a list of their faults, each with the
// number of its object. TOOLS is the folder whose node_modules has kubernetes-models, made of the API's schemas, and
// typescript. The schemas find wrong types and what is missing; the types that are made of them, unknown fields.
"use strict";
const path = require("path");
const tools = path.resolve(process.argv[2]);
const load = (name) => require(require.resolve(name, { paths: [tools] }));
const ts = load("typescript");

const objects = JSON.parse(require("fs").readFileSync(0, "utf8"));
const faults = [];

objects.forEach((object, number) => {
  try {
    new (load(`kubernetes-models/${object.apiVersion}`)[object.kind])(object).validate();
  } catch (error) {
    faults.push({ object: number, fault: String(error.message) });
  }
});

const file = path.join(tools, "objects.ts");
const starts = [];
let source = "";
objects.forEach((object, number) => {
  starts.push(source.length);
  source += `import type { I${object.kind} as T${number} } from "kubernetes-models/${object.apiVersion}/${object.kind}";\n` +
    `export const o${number}: T${number} = ${JSON.stringify(object, null, 1)};\n`;
});
const options = { strict: true, noEmit: true, skipLibCheck: true, types: [], target: ts.ScriptTarget.ES2020,
  module: ts.ModuleKind.CommonJS, moduleResolution: ts.ModuleResolutionKind.Node10 };
const host = ts.createCompilerHost(options);
const readDisk = host.getSourceFile.bind(host);
host.getSourceFile = (name, ...rest) =>
  path.resolve(name) === file ? ts.createSourceFile(name, source, options.target) : readDisk(name, ...rest);
const program = ts.createProgram([file], options, host);
for (const found of ts.getPreEmitDiagnostics(program)) {
  const number = found.file ? starts.filter((start) => start <= found.start).length - 1 : -1;
  const line = found.file ? source.slice(0, found.start).split("\n").length : 0;
  const where = line ? source.split("\n")[line - 1].trim() : "";
  faults.push({ object: number, fault: `${where}: ${ts.flattenDiagnosticMessageText(found.messageText, " ")}` });
}
console.log(JSON.stringify(faults));
