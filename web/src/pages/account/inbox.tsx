import { Link } from '@tanstack/react-router'
import { Badge, Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { useAction } from '../../kit/action'
import { List } from '../../kit/list'
import { Page } from '../../kit/page'
import { usePreferences } from '../../kit/preferences'
import { Time } from '../../kit/show'

type Message = Schemas['MessageView']

/** The title, leading to what the message is about; who follows it has read it. */
function Subject({ of, read }: { of: Message; read: () => void }) {
  if (!of.link) return <strong>{of.title}</strong>
  return (
    <Link to={of.link as never} onClick={() => !of.read && read()}>
      <strong>{of.title}</strong>
    </Link>
  )
}

/** In-site messages. */
export function Inbox() {
  const { t } = useTranslation()
  const { language } = usePreferences()
  const read = useAction((id?: string) => unwrap(api.POST('/api/v1/inbox/read', { body: { id } })))
  return (
    <Page
      title={t('nav.inbox')}
      purpose={t('inbox.purpose')}
      actions={
        <>
          <Link to={'/account/messages' as never}>{t('nav.message_centre')}</Link>
          <Button onClick={() => read.mutate(undefined)}>{t('inbox.read_all')}</Button>
        </>
      }
    >
      <List<Message>
        name={`inbox-${language}`}
        rowKey={(m) => m.id}
        empty={t('inbox.empty')}
        fetch={async ({ unread, type }, paging) => {
          const data = await unwrap(
            api.GET('/api/v1/inbox', { params: { query: { unread, type, language, ...paging } } }),
          )
          return { rows: data.messages, next: data.next }
        }}
        filters={[
          {
            name: 'type',
            label: t('inbox.type'),
            options: ['101', '103', '203', '501', '901', 'renewal'].map((value) => ({
              value,
              label: t(`message_type.${value}`),
            })),
          },
          { name: 'unread', label: t('inbox.show'), options: [{ value: 'true', label: t('inbox.unread') }] },
        ]}
        columns={[
          {
            key: 'title',
            title: t('inbox.message'),
            value: (m) => `${m.title}: ${m.body}`,
            render: (m) => (
              <div style={{ maxWidth: 'min(640px, 72vw)', whiteSpace: 'normal' }}>
                <Badge dot={!m.read}>
                  <Subject of={m} read={() => read.mutate(m.id)} />
                </Badge>
                <div className="muted">{m.body}</div>
              </div>
            ),
          },
          { key: 'type', title: t('inbox.type'), value: (m) => m.type, render: (m) => t(`message_type.${m.type}`) },
          { key: 'at', title: t('field.at'), sort: 'created', value: (m) => m.at, render: (m) => <Time at={m.at} /> },
          {
            key: 'do',
            title: t('field.actions'),
            render: (m) =>
              !m.read && (
                <Button size="small" onClick={() => read.mutate(m.id)}>
                  {t('inbox.mark')}
                </Button>
              ),
          },
        ]}
      />
    </Page>
  )
}
