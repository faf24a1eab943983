// hot.js - what keeps V8's builtins, its interpreter and its compilers busy, from signal 0 on warm.
function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2) }
class A { constructor(x) { this.x = x } get(k) { return this.x[k] + k.length } }
function work(n) {
  const m = new Map(), a = [];
  for (let i = 0; i < n; i++) { m.set('k' + i, i); a.push(new A({ ['p' + (i % 7)]: i }).get('p' + (i % 7))) }
  const s = a.map((x) => x * 2).filter((x) => x % 3).sort((x, y) => x - y).join(',');
  return JSON.stringify(JSON.parse('[' + s + ']')).length + [...m.keys()].reverse().join('').replace(/k(\d)/g, '$1').length + fib(12);
}
for (let i = 0; i < 300; i++) work(50);
process.kill(process.pid, 0);
for (;;) work(50);
