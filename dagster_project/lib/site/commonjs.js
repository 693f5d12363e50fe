// DuckDB's script for the browser is a CommonJS module that asks for apache-arrow alone: what it expects is this,
// and no bundler.
globalThis.module = { exports: {} };
globalThis.require = () => globalThis.Arrow;
