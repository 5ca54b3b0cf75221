import { useMutation } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { Alert, Button, Result } from 'antd'
import { useTranslation } from 'react-i18next'
import { api, Refused, unwrap } from '../../api/client'
import { Page } from '../../kit/page'
import { problemText } from '../../kit/problem'

/** What a mail's address asks its reader: a button, so that programs that only look at addresses change nothing. */
function Question({ of, run }: { of: 'confirm' | 'unsubscribe'; run: (token: string) => Promise<unknown> }) {
  const { t } = useTranslation()
  const { token } = useParams({ strict: false }) as { token: string }
  const answer = useMutation({ mutationFn: () => run(token) })
  if (answer.isSuccess) return <Result status="success" title={t(`mail.${of}_done`)} subTitle={t(`mail.${of}_after`)} />
  return (
    <div style={{ maxWidth: 480, margin: '24px auto', padding: 24 }} className="panel">
      <Page title={t(`mail.${of}`)} purpose={t(`mail.${of}_purpose`)}>
        {answer.error && (
          <Alert
            type="error"
            showIcon
            style={{ marginBottom: 16 }}
            title={answer.error instanceof Refused ? problemText(t, answer.error.problem) : t('problem.network')}
          />
        )}
        <Button type="primary" block loading={answer.isPending} onClick={() => answer.mutate()}>
          {t(`mail.${of}_button`)}
        </Button>
      </Page>
    </div>
  )
}

/** The owner of a mailbox agrees to be written to. */
export const ConfirmMailbox = () => (
  <Question
    of="confirm"
    run={(token) => unwrap(api.POST('/api/v1/messages/confirm/{token}', { params: { path: { token } } }))}
  />
)

/** A reader does not want mails of a type any more. */
export const Unsubscribe = () => (
  <Question
    of="unsubscribe"
    run={(token) => unwrap(api.POST('/api/v1/messages/unsubscribe/{token}', { params: { path: { token } } }))}
  />
)
