#!/usr/bin/env bash
# Gives Debian's rustc-web a standard library for wasm32-unknown-unknown, built from its own source: for machines that cannot reach rustup's server.
set -euo pipefail

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

as_root apt-get update >/dev/null || true
as_root apt-get install -y --no-install-recommends rustc-web cargo-web rust-web-src rust-web-llvm lld-22 gcc libc6-dev >/dev/null

version="$(/usr/bin/rustc --version | cut -d' ' -f2)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cp -r "/usr/src/rustc-$version/library" "$work/library"
mkdir -p "$work/sysroot/src" "$work/sysroot/.cargo"

# A package that depends on std makes cargo build std for the target.
cat > "$work/sysroot/Cargo.toml" <<MANIFEST
[package]
name = "wasm-sysroot"
version = "0.0.0"
edition = "2021"
[workspace]
[dependencies]
std = { path = "$work/library/std", default-features = false }
panic_abort = { path = "$work/library/panic_abort" }
[profile.release]
codegen-units = 1
opt-level = 3
panic = "abort"
[patch.crates-io]
rustc-std-workspace-core = { path = "$work/library/rustc-std-workspace-core" }
rustc-std-workspace-alloc = { path = "$work/library/rustc-std-workspace-alloc" }
rustc-std-workspace-std = { path = "$work/library/rustc-std-workspace-std" }
MANIFEST
printf '#![feature(no_core)]\n#![no_core]\n' > "$work/sysroot/src/lib.rs"
cat > "$work/sysroot/.cargo/config.toml" <<CONFIG
[source.crates-io]
replace-with = "vendored"
[source.vendored]
directory = "$work/library/vendor"
CONFIG

cd "$work/sysroot"
RUSTC_BOOTSTRAP=1 RUSTC=/usr/bin/rustc RUSTFLAGS="-Zforce-unstable-if-unmarked -Cembed-bitcode=yes" \
  CARGO_TARGET_DIR="$work/target" /usr/bin/cargo build --offline --release --target wasm32-unknown-unknown -p std -p panic_abort

library="$(/usr/bin/rustc --print sysroot)/lib/rustlib/wasm32-unknown-unknown/lib"
as_root mkdir -p "$library"
as_root rm -f "$library"/*.rlib
as_root cp "$work"/target/wasm32-unknown-unknown/release/deps/*.rlib "$library/"
echo "wasm32-unknown-unknown standard library in $library"
