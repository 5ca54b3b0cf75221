import { useQuery } from '@tanstack/react-query'
import { Button, Descriptions, Empty, Form, Input, Popconfirm, Table, Tag, Typography } from 'antd'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { useAction } from '../../kit/action'
import { Entry } from '../../kit/form'
import { Await } from '../../kit/page'
import { Time } from '../../kit/show'

type Domain = Schemas['DomainView']

/** How a domain is proved: a file of its web server, or a text in DNS. */
function Proof({ domain }: { domain: Domain }) {
  const { t } = useTranslation()
  const whole = (text: string) => (
    <Typography.Text className="mono" copyable style={{ overflowWrap: 'anywhere' }}>
      {text}
    </Typography.Text>
  )
  return (
    <Descriptions
      style={{ marginTop: 16 }}
      title={t('domains.how', { name: domain.name })}
      column={1}
      size="small"
      items={[
        { key: 'v', label: t('domains.text'), children: whole(domain.proof) },
        { key: 'f', label: t('domains.file'), children: whole(domain.file_url) },
        { key: 'd', label: t('domains.record'), children: whole(domain.record_name) },
      ]}
    />
  )
}

/** Main domains: interface addresses lie in one that is proved. */
export function Domains() {
  const { t } = useTranslation()
  const query = useQuery({ queryKey: ['domains'], queryFn: () => unwrap(api.GET('/api/v1/seller/domains')) })
  const prove = useAction(
    (id: string) => unwrap(api.POST('/api/v1/seller/domains/{id}/prove', { params: { path: { id } } })),
    undefined,
    t('domains.proved_now'),
  )
  const remove = useAction((id: string) =>
    unwrap(api.DELETE('/api/v1/seller/domains/{id}', { params: { path: { id } } })),
  )
  return (
    <section className="panel" style={{ padding: 24 }}>
      <h2>{t('domains.title')}</h2>
      <p className="dim">{t('domains.purpose')}</p>
      <Entry<{ name: string }, Domain>
        layout="inline"
        name="domain"
        run={(body) => unwrap(api.POST('/api/v1/seller/domains', { body }))}
        send={t('domains.add')}
      >
        <Form.Item name="name" label={t('domains.name')} rules={[{ required: true, message: t('form.required') }]}>
          <Input maxLength={260} placeholder="example.com" />
        </Form.Item>
      </Entry>
      <Await query={query}>
        {(d) => (
          <>
            <Table
              style={{ marginTop: 16 }}
              size="small"
              rowKey="id"
              pagination={false}
              dataSource={d.domains}
              scroll={{ x: 'max-content' }}
              locale={{ emptyText: <Empty description={t('domains.empty')} /> }}
              columns={[
                { key: 'n', title: t('domains.name'), dataIndex: 'name' },
                {
                  key: 's',
                  title: t('field.state'),
                  render: (_, a) =>
                    a.proven_at ? (
                      <Tag color="green">{t(`domains.by_${a.proven_by}`)}</Tag>
                    ) : (
                      <Tag color="gold">{t('domains.to_prove')}</Tag>
                    ),
                },
                {
                  key: 'at',
                  title: t('domains.proven_at'),
                  render: (_, a) => (a.proven_at ? <Time at={a.proven_at} /> : '–'),
                },
                {
                  key: 'do',
                  title: t('field.actions'),
                  render: (_, a) => (
                    <div className="row">
                      {!a.proven_at && (
                        <Button
                          size="small"
                          type="primary"
                          loading={prove.isPending && prove.variables === a.id}
                          onClick={() => prove.mutate(a.id)}
                        >
                          {t('domains.prove')}
                        </Button>
                      )}
                      <Popconfirm title={t('domains.remove_sure')} onConfirm={() => remove.mutate(a.id)}>
                        <Button size="small" danger>
                          {t('action.delete')}
                        </Button>
                      </Popconfirm>
                    </div>
                  ),
                },
              ]}
            />
            {d.domains
              .filter((a) => !a.proven_at)
              .map((a) => (
                <Proof key={a.id} domain={a} />
              ))}
          </>
        )}
      </Await>
    </section>
  )
}
