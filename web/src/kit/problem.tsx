import { Alert, Button } from 'antd'
import type { TFunction } from 'i18next'
import { useTranslation } from 'react-i18next'
import { Refused, type Problem } from '../api/client'

/** A refusal in the reader's language; the server's own sentence when the catalogue has none. */
export const problemText = (t: TFunction, problem: Pick<Problem, 'code' | 'detail'>) =>
  t(`code.${problem.code.replaceAll('.', '_')}`, { defaultValue: problem.detail, detail: problem.detail })

export function ProblemBox({ error, retry }: { error: unknown; retry?: () => void }) {
  const { t } = useTranslation()
  const problem = error instanceof Refused ? error.problem : null
  return (
    <Alert
      type="error"
      showIcon
      title={problem ? problemText(t, problem) : t('problem.network')}
      description={
        <>
          {problem?.errors.map((e) => (
            <div key={e.pointer}>
              <span className="mono">{e.pointer}</span> {problemText(t, e)}
            </div>
          ))}
          {problem?.request_id && <div className="dim">{t('problem.request', { id: problem.request_id })}</div>}
        </>
      }
      action={retry && <Button onClick={retry}>{t('action.retry')}</Button>}
    />
  )
}
