#!/usr/bin/env bash
# Puts the native libraries of one target (linux-x64, linux-arm64) into a folder: fetch.sh RID FOLDER
# Called by eng/native/Native.targets when package-lock.json changed; works offline from npm's cache.
set -euo pipefail
rid=$1 folder=$2
here=$(cd "$(dirname "$0")" && pwd)
version=$(sed -n 's/.*"onnxruntime-node": "\([0-9.]*\)".*/\1/p' "$here/package.json")
case $rid in
  linux-x64) arch=x64 ;;
  linux-arm64) arch=arm64 ;;
  *) echo "eng/native: error NATIVE1: no ONNX Runtime is known for '$rid'; linux-x64 and linux-arm64 are"; exit 1 ;;
esac

# Two builds of one clone may arrive here together; the second finds the work done.
mkdir -p "$folder"
exec 9>"$folder/.lock"
flock 9

# Built by content, not by time: a checkout that only touches the lock file fetches nothing.
wanted=$(sha256sum <"$here/package-lock.json")
if [ -f "$folder/libonnxruntime.so.1" ] && [ "$(cat "$folder/.stamp" 2>/dev/null)" = "$wanted" ]; then
  touch "$folder/.stamp"
  exit 0
fi

command -v npm >/dev/null || { echo "eng/native: error NATIVE2: npm is needed to fetch ONNX Runtime; install Node 20"; exit 1; }
echo "native libraries: fetching ONNX Runtime $version for $rid with npm (about 100 MB, once) ..."
work=$folder/.npm
rm -rf "$work"
mkdir -p "$work"
trap 'rm -rf "$work"' EXIT
cp "$here/package.json" "$here/package-lock.json" "$here/.npmrc" "$work/"
# Install scripts would download GPU libraries; nothing here depends on any.
(cd "$work" && npm ci --ignore-scripts --prefer-offline --no-progress --loglevel=error)
library=$work/node_modules/onnxruntime-node/bin/napi-v6/linux/$arch/libonnxruntime.so.1
[ -f "$library" ] || { echo "eng/native: error NATIVE3: onnxruntime-node $version holds no libonnxruntime.so.1 for $arch"; exit 1; }

# Renamed into place: a process that has the old file mapped keeps it, and hard links to it are left alone.
cp "$library" "$folder/.fresh"
mv -f "$folder/.fresh" "$folder/libonnxruntime.so.1"
echo "$wanted" >"$folder/.stamp"
echo "native libraries: $(du -h "$folder/libonnxruntime.so.1" | cut -f1) in $folder"
