/**
 * Admission (V25): how many new calls a second and calls at once the hotline takes, because Asterisk collapses rather than
 * slows beyond its limit. A token bucket that holds one second's worth.
 */
export interface AdmissionLimits {
  readonly newCallsPerSecond: number;
  readonly openCalls: number;
}

export interface AdmissionState {
  readonly tokens: number;
  readonly at: number;
}

/**
 * `admitted`: into the menu. `refused`: answered with an apology, then hung up. `shed`: hung up unanswered, because even
 * apologies are too many (beyond twice the limit).
 */
export type Admission = 'admitted' | 'refused' | 'shed';

export function admit(
  limits: AdmissionLimits,
  state: AdmissionState,
  openCalls: number,
  now: number,
): { admission: Admission; state: AdmissionState } {
  const rate = limits.newCallsPerSecond;
  const filled = Math.min(rate, state.tokens + (Math.max(0, now - state.at) / 1000) * rate);
  const fits = filled >= 1 && openCalls < limits.openCalls;
  if (fits) return { admission: 'admitted', state: { tokens: filled - 1, at: now } };
  // Apologies borrow against the bucket down to minus one second's worth: then the rate is above twice the limit.
  const shed = filled - 1 < -rate || openCalls >= 2 * limits.openCalls;
  return { admission: shed ? 'shed' : 'refused', state: { tokens: shed ? filled : filled - 1, at: now } };
}
