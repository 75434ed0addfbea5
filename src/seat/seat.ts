/** What a seat can be in (V12). */
export const seatStates = ['offline', 'ready', 'offered', 'talking', 'wrapUp', 'notResponding'] as const;
export type SeatState = (typeof seatStates)[number];
export type SeatStateReason = 'tbd';
