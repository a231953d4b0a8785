import type { Scope } from '../api/types';
import { isSame, scopesOfRoles, type Role } from '../roles';
import { text } from '../text';

interface Props {
  /** What may be given at most. */
  readonly mine: readonly Scope[];
  readonly chosen: readonly string[];
  readonly change: (scopes: readonly Scope[]) => void;
}

/** Ready sets of scopes; what one of them may is changed below, and is then none of them. */
export function RoleChoice({ mine, chosen, change }: Props) {
  const { roles, role: words, ownChoice } = text.keys;
  const sets = scopesOfRoles(mine);
  const all = Object.keys(sets) as Role[];
  const now = all.find((role) => isSame(sets[role], chosen));
  return (
    <div className="role" role="group" aria-label={roles}>
      <h3>{roles}</h3>
      <div className="choices">
        {all.map((role) => (
          <button key={role} type="button" aria-pressed={role === now} onClick={() => change(sets[role])}>
            {words[role].name}
          </button>
        ))}
      </div>
      <p className="quiet" aria-live="polite">
        {now ? words[now].hint : ownChoice}
      </p>
    </div>
  );
}
