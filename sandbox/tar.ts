/** Reads the regular files of a tar stream made by `tar --format=gnu`; links, devices and folders are passed over. */

const BLOCK = 512;

const field = (header: Buffer, start: number, length: number): string => {
  const bytes = header.subarray(start, start + length);
  const end = bytes.indexOf(0);
  return bytes.subarray(0, end < 0 ? length : end).toString("utf8");
};

/** Name → content. Null where the archive is cut off or not a tar. */
export function readTar(archive: Buffer): Record<string, Buffer> | null {
  const files: Record<string, Buffer> = {};
  let longName: string | null = null;
  for (let at = 0; at + BLOCK <= archive.length; ) {
    const header = archive.subarray(at, at + BLOCK);
    if (header[0] === 0) return files;
    const size = Number.parseInt(field(header, 124, 12).trim(), 8);
    const body = archive.subarray(at + BLOCK, at + BLOCK + size);
    if (!Number.isInteger(size) || body.length < size) return null;
    const type = field(header, 156, 1);
    if (type === "L") longName = field(body, 0, body.length);
    else {
      if (type === "0" || type === "") files[longName ?? field(header, 0, 100)] = body;
      longName = null;
    }
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return archive.length === 0 ? files : null;
}
