// wide.js - more of the language than hot.js: exceptions, generators, proxies, regular expressions and so on, warm from
// signal 0 on.
function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2) }
class A { constructor(x) { this.x = x } get(k) { return this.x[k] + k.length } get twice() { return 2 * this.x } }
class B extends A { constructor(x, ...more) { super(x); this.more = more } get(k) { return super.get(k) + this.more.length } }
function thrown(n) { try { if (n % 3 === 0) throw new TypeError('no ' + n); return null.x } catch (e) { return e.message.length } finally { n++ } }
function* steps(n) { for (let i = 0; i < n; i++) yield i * i }
function floats(n) { const f = new Float64Array(n); for (let i = 0; i < n; i++) f[i] = Math.sqrt(i) * 1.5; return f.reduce((a, b) => a + b) }
function picks(k) { switch (k % 5) { case 0: return 'zero'; case 1: return [k]; case 2: return { k }; case 3: return 3n ** BigInt(k % 40); default: return Symbol.for('s' + k) } }
const seen = new Proxy({}, { get: (t, k) => String(k).length, has: () => true });
function sum(a, b = 2, ...c) { return a + b + c.length + arguments.length }
function work(n) {
  const m = new Map(), a = [];
  for (let i = 0; i < n; i++) { m.set('k' + i, i); a.push(new A({ ['p' + (i % 7)]: i }).get('p' + (i % 7))) }
  const s = a.map((x) => x * 2).filter((x) => x % 3).sort((x, y) => x - y).join(',');
  return JSON.stringify(JSON.parse('[' + s + ']')).length + [...m.keys()].reverse().join('').replace(/k(\d)/g, '$1').length + fib(12);
}
function more(n) {
  let r = 0;
  for (let i = 0; i < n; i++) {
    r += thrown(i) + sum(...[i, 1, 2].slice(i % 3)) + sum.bind(null, i)(1) + new B(i, 1, 2).twice + seen['q' + i];
    r += String(picks(i).toString()).length + (('b' + i) in seen) + Reflect.apply(sum, null, [1, 2, 3]);
    const { k = i, ...rest } = { j: i, l: [i] };
    r += Object.entries(rest).flat().length + k + /(\w+)-(\d+)/.exec('ab-' + i)[2].length + parseInt('1' + i, 10) + `${i}`.padStart(9).length;
  }
  for (const x of steps(n)) r += x;
  return r + floats(n) + new Set([r, n]).size + new Date(r).getTime() + 'a,b,c'.split(',').concat(['d']).indexOf('d') + new Uint8Array(n).fill(3).subarray(1).length;
}
for (let i = 0; i < 300; i++) { work(50); more(30) }
process.kill(process.pid, 0);
for (;;) { work(20); more(20) }
