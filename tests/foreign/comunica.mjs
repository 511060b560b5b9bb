// Asks an endpoint with Comunica: JSON on standard input ({sources, queries: {name: text}}), {name: answer} out.
// A select is a list of {variable: value}, a construct a sorted list of "s p o", an ask true or false.
import { QueryEngine } from '@comunica/query-sparql';
import { readFileSync } from 'node:fs';

const { sources, queries } = JSON.parse(readFileSync(0, 'utf-8'));
const engine = new QueryEngine();
const answers = {};
for (const [name, text] of Object.entries(queries)) {
  const found = await engine.query(text, { sources });
  if (found.resultType === 'boolean') {
    answers[name] = await found.execute();
  } else if (found.resultType === 'bindings') {
    const rows = await (await found.execute()).toArray();
    answers[name] = rows.map((row) => Object.fromEntries([...row].map(([key, term]) => [key.value, term.value])));
  } else {
    const quads = await (await found.execute()).toArray();
    answers[name] = quads.map((quad) => `${quad.subject.value} ${quad.predicate.value} ${quad.object.value}`).sort();
  }
}
console.log(JSON.stringify(answers));
