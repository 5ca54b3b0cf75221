import { useQuery } from '@tanstack/react-query'
import { App, Button, Form, Input, Popconfirm, Select, Switch, Table } from 'antd'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { useAction } from '../../kit/action'
import { Entry } from '../../kit/form'
import { Await } from '../../kit/page'
import { Time } from '../../kit/show'

/** AK and SK of a person, for programs that sign their calls on the open APIs. */
export function AccessKeys() {
  const { t } = useTranslation()
  const { modal } = App.useApp()
  const query = useQuery({ queryKey: ['access-keys'], queryFn: () => unwrap(api.GET('/api/v1/me/access-keys')) })
  const enable = useAction(({ id, enabled }: { id: string; enabled: boolean }) =>
    unwrap(api.PUT('/api/v1/me/access-keys/{id}', { params: { path: { id } }, body: { enabled } })),
  )
  const remove = useAction((id: string) =>
    unwrap(api.DELETE('/api/v1/me/access-keys/{id}', { params: { path: { id } } })),
  )
  const shown = (made: Schemas['AccessKeyIssued']) =>
    modal.success({
      title: t('account.access_once'),
      content: <pre>{`AK ${made.access_key}\nSK ${made.secret_key}`}</pre>,
      width: 560,
    })
  return (
    <section className="panel" style={{ padding: 24 }}>
      <h2>{t('account.access_keys')}</h2>
      <p className="dim">{t('account.access_keys_hint')}</p>
      <Entry<{ name: string; scopes: string[] }, Schemas['AccessKeyIssued']>
        layout="inline"
        initial={{ scopes: ['read', 'write'] }}
        run={(body) => unwrap(api.POST('/api/v1/me/access-keys', { body }))}
        done={shown}
        send={t('account.access_issue')}
      >
        <Form.Item name="name" label={t('field.name')} rules={[{ required: true, message: t('form.required') }]}>
          <Input maxLength={60} />
        </Form.Item>
        <Form.Item name="scopes" label={t('account.scopes')}>
          <Select
            mode="multiple"
            style={{ minWidth: 160 }}
            options={['read', 'write'].map((value) => ({ value, label: t(`scope.${value}`) }))}
          />
        </Form.Item>
      </Entry>
      <Await query={query}>
        {(data) => (
          <Table
            style={{ marginTop: 16 }}
            size="small"
            rowKey="id"
            pagination={false}
            dataSource={data.access_keys}
            scroll={{ x: 'max-content' }}
            columns={[
              { key: 'name', title: t('field.name'), dataIndex: 'name' },
              { key: 'access', title: t('account.access_key'), render: (_, k) => <code>{k.access_key}</code> },
              {
                key: 'scopes',
                title: t('account.scopes'),
                render: (_, k) => k.scopes.map((s) => t(`scope.${s}`)).join(', '),
              },
              { key: 'at', title: t('field.created_at'), render: (_, k) => <Time at={k.created_at} /> },
              {
                key: 'used',
                title: t('account.last_used'),
                render: (_, k) =>
                  k.last_used_at ? (
                    <>
                      <Time at={k.last_used_at} />{' '}
                      <span className="dim">{t('account.from', { address: k.last_used_from })}</span>
                    </>
                  ) : (
                    <span className="dim">{t('account.unused')}</span>
                  ),
              },
              {
                key: 'on',
                title: t('field.state'),
                render: (_, k) => (
                  <Switch
                    checked={k.enabled}
                    loading={enable.isPending}
                    aria-label={`${k.name} ${t('account.enabled')}`}
                    checkedChildren={t('account.enabled')}
                    unCheckedChildren={t('account.disabled')}
                    onChange={(enabled) => enable.mutate({ id: k.id, enabled })}
                  />
                ),
              },
              {
                key: 'do',
                title: t('field.actions'),
                render: (_, k) => (
                  <Popconfirm title={t('account.delete_sure')} onConfirm={() => remove.mutate(k.id)}>
                    <Button size="small" danger>
                      {t('account.delete')}
                    </Button>
                  </Popconfirm>
                ),
              },
            ]}
          />
        )}
      </Await>
    </section>
  )
}
