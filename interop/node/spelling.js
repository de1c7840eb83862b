'use strict';
// Values spelled out in JSON as python/spelling.py does it. JavaScript has one
// kind of number, so 1.0 is spelled 1 and integers beyond 2^53 are floats.

// spell returns the JSON-able spelling of a value.
function spell(value) {
  if (value === undefined || value === null) return null;
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) ? value : { float: floatText(value) };
  }
  if (Buffer.isBuffer(value) || value instanceof Uint8Array) {
    return { bin: Buffer.from(value).toString('hex') };
  }
  if (Array.isArray(value)) return value.map(spell);
  if (typeof value === 'object') {
    return { map: Object.keys(value).map((k) => [k, spell(value[k])]) };
  }
  return value; // text, boolean
}

// floatText writes a number as Python's repr does where the two differ.
function floatText(value) {
  if (Number.isNaN(value)) return 'nan';
  if (value === Infinity) return 'inf';
  if (value === -Infinity) return '-inf';
  return String(value);
}

// unspell returns the value of a spelling.
function unspell(value) {
  if (Array.isArray(value)) return value.map(unspell);
  if (value === null || typeof value !== 'object') return value;
  const [tag] = Object.keys(value);
  const body = value[tag];
  switch (tag) {
    case 'int':
      return Number(body);
    case 'float':
      return body === 'inf' ? Infinity : body === '-inf' ? -Infinity : Number(body);
    case 'bin':
      return Buffer.from(body, 'hex');
    case 'map':
      return Object.fromEntries(body.map(([k, v]) => [unspell(k), unspell(v)]));
    default:
      throw new Error(`node cannot make a value tagged ${tag}`);
  }
}

// say prints one line (an object as JSON).
function say(line) {
  process.stdout.write((typeof line === 'string' ? line : JSON.stringify(line)) + '\n');
}

module.exports = { spell, unspell, say };
