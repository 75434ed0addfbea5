/** The few commands that `up` itself gives to Asterisk, while the server is away or when everything ends. */
export interface AriChannel {
  id: string;
  name: string;
  dialplan: { context: string; app_name?: string; app_data?: string };
}

export interface AriBridge {
  id: string;
  channels: string[];
}

export class Ari {
  readonly #base: string;
  readonly #headers: Record<string, string>;

  constructor(port: number, user: string, password: string) {
    this.#base = `http://127.0.0.1:${port}/ari`;
    this.#headers = { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
  }

  channels = () => this.#call<AriChannel[]>('GET', '/channels');
  bridges = () => this.#call<AriBridge[]>('GET', '/bridges');
  hangUp = (id: string) => this.#call('DELETE', `/channels/${encodeURIComponent(id)}`);
  toDialplan = (id: string, context: string, extension: string) =>
    this.#call(
      'POST',
      `/channels/${encodeURIComponent(id)}/continue?context=${context}&extension=${extension}&priority=1`,
    );

  /** @throws Error with the status; a channel that is gone meanwhile (404, 409) is no error */
  async #call<T>(method: string, path: string): Promise<T | null> {
    const answer = await fetch(this.#base + path, {
      method,
      headers: this.#headers,
      signal: AbortSignal.timeout(3000),
    });
    if (answer.status === 404 || answer.status === 409) return null;
    if (!answer.ok) throw new Error(`ARI ${method}: status ${answer.status}`);
    return answer.status === 204 ? null : ((await answer.json()) as T);
  }
}

/** Citizens' calls: from the carrier, whoever holds them now. */
export function citizens(channels: readonly AriChannel[]): AriChannel[] {
  return channels.filter(({ name, dialplan }) => name.startsWith('PJSIP/trunk') || isInbound(dialplan));
}

/** Callers whom the absent server holds and who talk to nobody: in the menu, waiting, or ringing an agent (V21). */
export function strandedCallers(channels: readonly AriChannel[], bridges: readonly AriBridge[]): AriChannel[] {
  const talking = new Set(bridges.filter((bridge) => bridge.channels.length >= 2).flatMap((bridge) => bridge.channels));
  return channels.filter(({ id, dialplan }) => isInbound(dialplan) && !talking.has(id));
}

const isInbound = ({ app_name, app_data }: AriChannel['dialplan']) =>
  app_name === 'Stasis' && /^hotline,inbound(,|$)/.test(app_data ?? '');
