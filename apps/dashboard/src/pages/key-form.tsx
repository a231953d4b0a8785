import { useState } from 'react';
import type { Mode, Scope } from '../api/types';
import { CreateForm } from '../parts/create-form';
import { Checks, Choice, Field } from '../parts/field';
import { scopesOfRoles } from '../roles';
import { useSession } from '../session';
import { text } from '../text';
import type { MadeKey } from './key-row';
import { RoleChoice } from './role-choice';

interface Props {
  readonly cancel: () => void;
  readonly done: (made: MadeKey) => void;
}

interface Draft {
  readonly name: string;
  readonly project: string;
  readonly mode: Mode;
  readonly scopes: readonly string[];
  readonly expires: string;
  readonly spend: string;
  readonly perMinute: string;
  readonly ranges: string;
}

/** What is left empty is left to the API's defaults. */
function bodyOf({ name, project, mode, scopes, expires, spend, perMinute, ranges }: Draft) {
  return {
    name,
    project,
    mode,
    scopes,
    ...(expires === '' ? {} : { expires_at: Math.floor(new Date(expires).getTime() / 1_000) }),
    ...(spend === '' ? {} : { spend_limit: Number(spend) }),
    ...(perMinute === '' ? {} : { requests_per_minute: Number(perMinute) }),
    ...(ranges.trim() === '' ? {} : { ip_ranges: ranges.trim().split(/[\s,]+/) }),
  };
}

/** `operator` is over all projects: only live keys of this one have it. */
const isOfOperators = ({ project, mode }: Draft): boolean => project === 'default' && mode === 'live';

export function KeyForm({ cancel, done }: Props) {
  const { me } = useSession();
  const [draft, setDraft] = useState<Draft>({
    name: '',
    project: me.project,
    mode: me.mode,
    scopes: scopesOfRoles(me.scopes).order,
    expires: '',
    spend: '',
    perMinute: '',
    ranges: '',
  });
  const words = text.keys;
  const set = (field: keyof Draft) => (value: string) => setDraft({ ...draft, [field]: value });
  const isOperator = me.scopes.includes('operator');
  // Nobody gives what only an operator may give, and a test key makes test keys.
  const scopes = (Object.keys(words.scope) as Scope[]).filter((scope) => isOperator || scope !== 'operator');
  return (
    <CreateForm<MadeKey>
      words={{ ...words, busy: words.making }}
      path="/v1/api_keys"
      body={bodyOf(draft)}
      isReady={draft.scopes.length > 0}
      cancel={cancel}
      done={done}
    >
      <div className="grid">
        <Field label={words.name} hint={words.nameHint} value={draft.name} change={set('name')} required />
        {isOperator && (
          <Field
            label={words.project}
            hint={words.projectHint}
            value={draft.project}
            change={set('project')}
            required
          />
        )}
        <Choice
          label={words.mode}
          values={me.mode === 'test' ? ['test'] : ['live', 'test']}
          value={draft.mode}
          change={set('mode')}
          nameOf={(mode) => words.modes[mode === 'test' ? 'test' : 'live']}
        />
      </div>
      <RoleChoice
        mine={me.scopes.filter((scope) => scope !== 'operator' || isOfOperators(draft))}
        chosen={draft.scopes}
        change={(chosen) => setDraft({ ...draft, scopes: chosen })}
      />
      <Checks
        label={words.scopes}
        values={scopes}
        chosen={draft.scopes}
        change={(chosen) => setDraft({ ...draft, scopes: chosen })}
        show={(scope) => (
          <>
            <code>{scope}</code> <span className="quiet">{words.scope[scope as Scope]}</span>
          </>
        )}
      />
      <h3>{words.limits}</h3>
      <div className="grid">
        <Field
          label={words.expires}
          hint={words.expiresHint}
          value={draft.expires}
          change={set('expires')}
          type="datetime-local"
        />
        <Field
          label={words.spend}
          hint={words.spendHint}
          value={draft.spend}
          change={set('spend')}
          type="number"
          min={0}
          step="any"
        />
        <Field
          label={words.perMinute}
          hint={words.perMinuteHint}
          value={draft.perMinute}
          change={set('perMinute')}
          type="number"
          min={1}
        />
        <Field label={words.ranges} hint={words.rangesHint} value={draft.ranges} change={set('ranges')} />
      </div>
    </CreateForm>
  );
}
