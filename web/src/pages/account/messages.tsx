import { useQuery } from '@tanstack/react-query'
import { Alert, Button, Checkbox, Empty, Form, Input, Popconfirm, Select, Table, Tag } from 'antd'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { useAction } from '../../kit/action'
import { Entry } from '../../kit/form'
import { Await, Page } from '../../kit/page'

type Settings = Schemas['MessageSettings']
type Type = Schemas['TypeView']
type New = Schemas['RecipientBody']

/** By which channels a type of message comes. */
function Types({ of }: { of: Settings }) {
  const { t } = useTranslation()
  const put = useAction(({ code, ...body }: { code: string; mail: boolean; sms: boolean; digest: boolean }) =>
    unwrap(api.PUT('/api/v1/messages/settings/{code}', { params: { path: { code } }, body })),
  )
  const box = (type: Type, channel: 'mail' | 'sms' | 'digest') => (
    <Checkbox
      aria-label={`${t(`message_type.${type.code}`)}: ${t(`messages.${channel}`)}`}
      checked={type[channel]}
      onChange={(e) =>
        put.mutate({
          code: type.code,
          mail: type.mail,
          sms: type.sms,
          digest: type.digest,
          [channel]: e.target.checked,
        })
      }
    />
  )
  return (
    <Table<Type>
      size="small"
      rowKey="code"
      pagination={false}
      dataSource={of.types.filter((x) => x.events.length > 0)}
      scroll={{ x: 'max-content' }}
      locale={{ emptyText: <Empty description={t('messages.no_types')} /> }}
      columns={[
        {
          key: 't',
          title: t('inbox.type'),
          render: (_, x) => (
            <>
              <strong>{t(`message_type.${x.code}`)}</strong> <span className="dim">{x.code}</span>
            </>
          ),
        },
        { key: 'm', title: t('messages.mail'), render: (_, x) => box(x, 'mail') },
        {
          key: 's',
          title: t('messages.sms'),
          render: (_, x) => (x.events.some((e) => e.urgent) ? box(x, 'sms') : '–'),
        },
        {
          key: 'd',
          title: t('messages.digest'),
          render: (_, x) => (x.events.some((e) => e.noisy) ? box(x, 'digest') : '–'),
        },
        {
          key: 'e',
          title: t('messages.events'),
          render: (_, x) => (
            <div style={{ maxWidth: 420, whiteSpace: 'normal' }}>
              {x.events.map((e) => (
                <Tag key={e.key} color={e.essential ? 'gold' : 'default'}>
                  {t(`event.${e.key.replaceAll('.', '_')}`, { defaultValue: e.key })}
                </Tag>
              ))}
            </div>
          ),
        },
      ]}
    />
  )
}

/** Whether the owner of a mailbox agreed; he may be asked again. */
function Mailbox({ of, mail }: { of: Schemas['RecipientView']; mail: boolean }) {
  const { t } = useTranslation()
  const ask = useAction(
    () => unwrap(api.POST('/api/v1/messages/recipients/{id}/confirmation', { params: { path: { id: of.id } } })),
    undefined,
    t('messages.asked'),
  )
  if (of.confirmed) return <Tag color="green">{t('messages.confirmed')}</Tag>
  return (
    <>
      <Tag color="gold">{t('messages.unconfirmed')}</Tag>
      {mail && (
        <Button size="small" loading={ask.isPending} onClick={() => ask.mutate(undefined)}>
          {t('messages.ask_again')}
        </Button>
      )}
    </>
  )
}

function Recipients({ of }: { of: Settings }) {
  const { t } = useTranslation()
  const [form] = Form.useForm<New>()
  const remove = useAction((id: string) =>
    unwrap(api.DELETE('/api/v1/messages/recipients/{id}', { params: { path: { id } } })),
  )
  const types = of.types.map((x) => ({ value: x.code, label: t(`message_type.${x.code}`) }))
  return (
    <>
      {of.recipients.length === 0 ? (
        <Empty description={t('messages.no_recipients')} />
      ) : (
        <Table<Schemas['RecipientView']>
          size="small"
          rowKey="id"
          pagination={false}
          dataSource={of.recipients}
          scroll={{ x: 'max-content' }}
          columns={[
            { key: 'n', title: t('field.name'), dataIndex: 'name' },
            {
              key: 't',
              title: t('inbox.type'),
              render: (_, r) => (r.type ? t(`message_type.${r.type}`) : t('messages.all_types')),
            },
            {
              key: 'm',
              title: t('messages.mailbox'),
              render: (_, r) =>
                r.mailbox && (
                  <>
                    {r.mailbox} <Mailbox of={r} mail={of.mail_available} />
                  </>
                ),
            },
            { key: 'p', title: t('messages.phone'), dataIndex: 'phone' },
            { key: 'l', title: t('messages.language'), render: (_, r) => t(`language.${r.language}`) },
            { key: 'z', title: t('messages.time_zone'), render: (_, r) => r.time_zone ?? '–' },
            {
              key: 'do',
              title: t('field.actions'),
              render: (_, r) => (
                <Popconfirm title={t('messages.remove_sure')} onConfirm={() => remove.mutate(r.id)}>
                  <Button size="small" danger>
                    {t('action.remove')}
                  </Button>
                </Popconfirm>
              ),
            },
          ]}
        />
      )}
      <h3>{t('messages.add')}</h3>
      <Entry<New, unknown>
        form={form}
        name="recipient"
        style={{ maxWidth: 640 }}
        initial={{ language: 'zh' }}
        run={(body) =>
          unwrap(
            api.POST('/api/v1/messages/recipients', {
              body: {
                ...body,
                type: body.type || undefined,
                mailbox: body.mailbox || undefined,
                phone: body.phone || undefined,
                time_zone: body.time_zone || undefined,
              },
            }),
          )
        }
        done={() => form.resetFields()}
        send={t('messages.add')}
      >
        <div className="two">
          <Form.Item name="name" label={t('field.name')} rules={[{ required: true, message: t('form.required') }]}>
            <Input maxLength={60} />
          </Form.Item>
          <Form.Item name="type" label={t('inbox.type')}>
            <Select allowClear placeholder={t('messages.all_types')} options={types} />
          </Form.Item>
          <Form.Item name="mailbox" label={t('messages.mailbox')}>
            <Input type="email" maxLength={120} />
          </Form.Item>
          <Form.Item name="phone" label={t('messages.phone')}>
            <Input type="tel" maxLength={32} />
          </Form.Item>
          <Form.Item name="language" label={t('messages.language')}>
            <Select options={['zh', 'en'].map((value) => ({ value, label: t(`language.${value}`) }))} />
          </Form.Item>
          <Form.Item name="time_zone" label={t('messages.time_zone')}>
            <Input maxLength={64} placeholder="Asia/Shanghai" />
          </Form.Item>
        </div>
      </Entry>
    </>
  )
}

/** The message centre: who hears of what, by which channel, in which language. */
export function MessageCentre() {
  const { t } = useTranslation()
  const query = useQuery({
    queryKey: ['message-settings'],
    queryFn: () => unwrap(api.GET('/api/v1/messages/settings')),
  })
  return (
    <Page title={t('nav.message_centre')} purpose={t('messages.purpose')}>
      <Await query={query}>
        {(of) => (
          <div className="stack">
            {!of.mail_available && <Alert type="info" showIcon title={t('messages.no_mail')} />}
            <section className="panel" style={{ padding: 24 }}>
              <h2>{t('messages.channels')}</h2>
              <p className="muted">{t('messages.channels_more')}</p>
              <Types of={of} />
            </section>
            <section className="panel" style={{ padding: 24 }}>
              <h2>{t('messages.recipients')}</h2>
              <p className="muted">{t('messages.recipients_more')}</p>
              <Recipients of={of} />
            </section>
          </div>
        )}
      </Await>
    </Page>
  )
}
