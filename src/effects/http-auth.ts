/** The header that proves who asks. Secrets come from the environment, and go into that header and nowhere else. */
import type { HttpAuth } from '../workflow/http-request.ts';

type Credentials =
  | { readonly headers: readonly (readonly [string, string])[]; readonly secret?: string }
  /** Name of the variable that is not set. */
  | { readonly missing: string };

export function authHeaders(
  auth: HttpAuth | undefined,
  body: Buffer,
  environment: Readonly<Record<string, string | undefined>>,
): Credentials {
  if (auth === undefined) return { headers: [] };
  const name = 'bearerEnv' in auth ? auth.bearerEnv : auth.hmacEnv;
  const secret = environment[name]?.trim();
  if (secret === undefined || secret === '') return { missing: name };
  if ('bearerEnv' in auth) return { headers: [['authorization', `Bearer ${secret}`]], secret };
  const hmac = process.getBuiltinModule('node:crypto').createHmac('sha256', secret);
  return { headers: [[auth.header, `sha256=${hmac.update(body).digest('hex')}`]], secret };
}
