// Bundles every .js and .css file that lies directly in src/, copies src/assets/, names all by content, compresses them,
// and writes manifest.json: { "app.js": "app-3F2A.js" }. Usage: node build.mjs OUTPUT_FOLDER
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, extname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const sources = join(here, "src");
const output = process.argv[2];
const assets = join(sources, "assets");
const entries = readdirSync(sources)
  .filter((name) => /\.(js|css)$/.test(name))
  .map((name) => join(sources, name));

mkdirSync(output, { recursive: true });
const manifest = {};

if (existsSync(assets)) {
  for (const entry of readdirSync(assets, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const content = readFileSync(path);
    const hash = createHash("sha256").update(content).digest("hex").slice(0, 8).toUpperCase();
    const extension = extname(entry.name);
    const target = `${basename(entry.name, extension)}-${hash}${extension}`;
    writeFileSync(join(output, target), content);
    manifest[relative(assets, path).split(sep).join("/")] = target;
  }
}

const result = await build({
  entryPoints: entries,
  outdir: output,
  bundle: true,
  minify: true,
  format: "esm",
  splitting: true,
  target: ["es2022", "chrome111", "safari16.4", "firefox115"],
  entryNames: "[name]-[hash]",
  chunkNames: "chunk-[hash]",
  assetNames: "[name]-[hash]",
  loader: { ".svg": "file", ".png": "file", ".woff2": "file" },
  legalComments: "none",
  metafile: true,
  absWorkingDir: here,
  logLevel: "warning",
});

for (const [path, made] of Object.entries(result.metafile.outputs)) {
  if (made.entryPoint && dirname(made.entryPoint) === "src") manifest[basename(made.entryPoint)] = basename(path);
}

for (const name of readdirSync(output)) {
  if (!/\.(js|css|svg|json)$/.test(name)) continue;
  const content = readFileSync(join(output, name));
  if (content.length < 1024) continue; // smaller than what the header of a second packet costs
  writeFileSync(join(output, `${name}.gz`), gzipSync(content, { level: 9 }));
  writeFileSync(
    join(output, `${name}.br`),
    brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }),
  );
}

const sorted = Object.fromEntries(Object.entries(manifest).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(join(output, "manifest.json"), `${JSON.stringify(sorted, null, 1)}\n`);
