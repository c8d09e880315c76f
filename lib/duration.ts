/** A stretch of time for a person: `59.9 s`, `5 min 44 s`, `1 h 2 min`; `unknown` where it is not known. */
export function duration(ms: number | null): string {
  if (ms === null || Number.isNaN(ms)) return "unknown";
  // What would be written as 60.0 s is a minute.
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
