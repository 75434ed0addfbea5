import { HotlineError } from '../platform/errors.js';
import type { Viewer } from './account.js';

/** The signed-in person of a request; routes that are not public always have one. */
export function viewerFrom(request: { readonly caller: object | null }): Viewer {
  if (!request.caller) throw new HotlineError('account.notSignedIn');
  // The table of rights was asked with what `AccountService.viewerOf` returned: it is a Viewer.
  return request.caller as Viewer;
}
