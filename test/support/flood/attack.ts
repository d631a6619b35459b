/** What all attacks have in common: so many connections that are opened again as soon as they end, and what they did. */

export interface AttackCounts {
  connections: number;
  bytes: number;
  /** Distinct label values that were sent. */
  values: number;
}

export interface AttackPlan {
  readonly port: number;
  readonly attacks: readonly AttackName[];
  /** Connections that are slow or say nothing. */
  readonly slow: number;
  /** Connections that send garbage as fast as it is taken. */
  readonly garbage: number;
  /** Connections that send deflate bombs. */
  readonly bombs: number;
  /** Distinct label values that one host sends, if it is let. */
  readonly values: number;
}

export const ATTACKS = ['slow', 'garbage', 'bombs', 'labels'] as const;
export type AttackName = (typeof ATTACKS)[number];

/** After a connection that was not let in; else a refused attacker would only burn its own processor. */
const AGAIN_MS = 20;

/** Keeps `lanes` connections alive: runs `act` again and again in each. */
export async function keepUp(lanes: number, act: (lane: number) => Promise<void>): Promise<void> {
  await Promise.all(
    Array.from({ length: lanes }, async (_, lane) => {
      for (;;) {
        await act(lane);
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      }
    }),
  );
}
