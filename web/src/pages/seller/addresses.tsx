import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { App, Button, Empty, Form, Input, Modal, Popconfirm, Select, Switch, Table, Tag } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { useAction } from '../../kit/action'
import { Entry } from '../../kit/form'
import { Await, Page } from '../../kit/page'
import { Time } from '../../kit/show'
import { Domains } from './domains'

type Editing = Pick<Schemas['AddressView'], 'name' | 'url' | 'protocol'> & {
  key: string
  always_test_flag?: boolean
  send_empty_parameters?: boolean
  product?: string | null
  access_type?: string | null
  landing_page?: string | null
}

const protocols = [
  'saas-v2',
  'saas-v1',
  'kit',
  'kit-v1',
  'license',
  'license-v1',
  'license-online',
  'order-notify',
  'saas-aws',
  'saas-azure',
]

/** The class of key that an address of a protocol needs. */
const classOf = (protocol?: string) =>
  ({ 'order-notify': 'general', license: 'licence', kit: 'kit_sync', 'kit-v1': 'kit_sync' })[protocol ?? ''] ?? 'basic'

/** Its seller asks us: there is nothing to debug. */
const asks = (protocol?: string) => protocol === 'saas-aws' || protocol === 'saas-azure'

/** What the address is for, where it is not the root of an interface. */
const urlHint = (protocol?: string) =>
  ({ 'saas-aws': 'addresses.url_hint_aws', 'saas-azure': 'addresses.url_hint_azure' })[protocol ?? ''] ??
  'addresses.url_hint'

const accessTypes = ['saas', 'license_code', 'license_1x', 'license_online']

const classes = ['basic', 'kit_sync', 'licence', 'general']

function Keys() {
  const { t } = useTranslation()
  const { modal } = App.useApp()
  const query = useQuery({ queryKey: ['keys'], queryFn: () => unwrap(api.GET('/api/v1/seller/keys')) })
  const remove = useAction((id: string) => unwrap(api.DELETE('/api/v1/seller/keys/{id}', { params: { path: { id } } })))
  return (
    <section className="panel" style={{ padding: 24 }}>
      <h2>{t('keys.title')}</h2>
      <Entry<{ name: string; class: string }, Schemas['KeyView']>
        layout="inline"
        initial={{ class: 'basic' }}
        run={(body) => unwrap(api.POST('/api/v1/seller/keys', { body }))}
        done={(key) => modal.success({ title: t('keys.once'), content: <pre>{key.secret}</pre>, width: 560 })}
        send={t('keys.add')}
      >
        <Form.Item name="name" label={t('field.name')} rules={[{ required: true, message: t('form.required') }]}>
          <Input maxLength={60} />
        </Form.Item>
        <Form.Item name="class" label={t('keys.class')}>
          <Select style={{ width: 180 }} options={classes.map((value) => ({ value, label: t(`keys.${value}`) }))} />
        </Form.Item>
      </Entry>
      <Await query={query}>
        {(d) => (
          <Table
            style={{ marginTop: 16 }}
            size="small"
            rowKey="id"
            pagination={false}
            dataSource={d.keys}
            scroll={{ x: 'max-content' }}
            columns={[
              { key: 'n', title: t('field.name'), dataIndex: 'name' },
              { key: 'c', title: t('keys.class'), render: (_, k) => t(`keys.${k.class}`) },
              { key: 'at', title: t('field.created_at'), render: (_, k) => <Time at={k.created_at} /> },
              {
                key: 'do',
                title: t('field.actions'),
                render: (_, k) => (
                  <Popconfirm title={t('keys.delete_sure')} onConfirm={() => remove.mutate(k.id)}>
                    <Button size="small" danger>
                      {t('action.delete')}
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

/** Keys and production-interface addresses. */
export function Addresses() {
  const { t } = useTranslation()
  const [editing, setEditing] = useState<Editing | null>(null)
  const [form] = Form.useForm<Editing>()
  const protocol = Form.useWatch('protocol', form)
  const forProduct = Form.useWatch('product', form)
  const keys = useQuery({ queryKey: ['keys'], queryFn: () => unwrap(api.GET('/api/v1/seller/keys')) })
  const products = useQuery({
    queryKey: ['own-products'],
    queryFn: () => unwrap(api.GET('/api/v1/seller/products', { params: { query: { limit: '100' } } })),
  })
  const query = useQuery({ queryKey: ['addresses'], queryFn: () => unwrap(api.GET('/api/v1/seller/addresses')) })
  const put = ({ name, ...body }: Editing) =>
    unwrap(api.PUT('/api/v1/seller/addresses/by-name/{name}', { params: { path: { name } }, body }))
  const need = [{ required: true, message: t('form.required') }]
  return (
    <Page
      title={t('nav.addresses')}
      purpose={t('addresses.purpose')}
      actions={
        <Button type="primary" onClick={() => setEditing({ name: '', url: 'https://', key: '', protocol: 'saas-v2' })}>
          {t('addresses.add')}
        </Button>
      }
    >
      {editing && (
        <Modal open title={t('addresses.add')} onCancel={() => setEditing(null)} onOk={() => form.submit()}>
          <Entry form={form} name="address" initial={editing} run={put} done={() => setEditing(null)}>
            <Form.Item name="name" label={t('field.name')} rules={need}>
              <Input maxLength={60} disabled={!!editing.name} />
            </Form.Item>
            <Form.Item name="url" label={t('addresses.url')} extra={t(urlHint(protocol))} rules={need}>
              <Input />
            </Form.Item>
            <Form.Item name="protocol" label={t('addresses.protocol')}>
              <Select options={protocols.map((value) => ({ value, label: t(`addresses.${value}`) }))} />
            </Form.Item>
            <Form.Item name="key" label={t('keys.title')} rules={need}>
              <Select
                options={(keys.data?.keys ?? [])
                  .filter((k) => k.class === classOf(protocol))
                  .map((k) => ({ value: k.name, label: k.name }))}
              />
            </Form.Item>
            {protocol === 'order-notify' && (
              <Form.Item name="product" label={t('addresses.product')} extra={t('addresses.product_hint')}>
                <Select
                  allowClear
                  options={(products.data?.products ?? []).map((p) => ({ value: p.key, label: p.key }))}
                />
              </Form.Item>
            )}
            {protocol === 'order-notify' && !forProduct && (
              <Form.Item name="access_type" label={t('addresses.access_type')} extra={t('addresses.access_type_hint')}>
                <Select
                  allowClear
                  options={accessTypes.map((value) => ({ value, label: t(`access_type.${value}`) }))}
                />
              </Form.Item>
            )}
            {protocol === 'saas-azure' && (
              <Form.Item
                name="landing_page"
                label={t('addresses.landing_page')}
                extra={t('addresses.landing_page_hint')}
                rules={need}
              >
                <Input />
              </Form.Item>
            )}
            {protocol !== 'order-notify' && !asks(protocol) && (
              <Form.Item
                name="always_test_flag"
                label={t('addresses.always_flag')}
                extra={t('addresses.always_flag_hint')}
                valuePropName="checked"
              >
                <Switch />
              </Form.Item>
            )}
            {['saas-v1', 'license-v1'].includes(protocol ?? '') && (
              <Form.Item
                name="send_empty_parameters"
                label={t('addresses.send_empty')}
                extra={t('addresses.send_empty_hint')}
                valuePropName="checked"
              >
                <Switch />
              </Form.Item>
            )}
          </Entry>
        </Modal>
      )}
      <div className="stack">
        <Await query={query}>
          {(d) => (
            <Table
              size="middle"
              rowKey="id"
              pagination={false}
              dataSource={d.addresses}
              scroll={{ x: 'max-content' }}
              locale={{ emptyText: <Empty description={t('addresses.empty')} /> }}
              columns={[
                { key: 'n', title: t('field.name'), dataIndex: 'name' },
                { key: 'u', title: t('addresses.url'), render: (_, a) => <span className="mono">{a.url}</span> },
                {
                  key: 'p',
                  title: t('addresses.protocol'),
                  render: (_, a) => (
                    <>
                      {t(`addresses.${a.protocol}`)}
                      {a.protocol === 'order-notify' && (
                        <span className="dim">
                          {' '}
                          ·{' '}
                          {a.product ??
                            (a.access_type ? t(`access_type.${a.access_type}`) : t('addresses.all_products'))}
                        </span>
                      )}
                    </>
                  ),
                },
                { key: 'k', title: t('keys.title'), dataIndex: 'key_name' },
                {
                  key: 'c',
                  title: t('addresses.cases'),
                  render: (_, a) =>
                    asks(a.protocol) ? (
                      <Tag>{t('addresses.asks')}</Tag>
                    ) : a.cases.length ? (
                      <Tag color="green">{t('addresses.passed', { count: a.cases.length })}</Tag>
                    ) : (
                      <Tag color="gold">{t('addresses.not_debugged')}</Tag>
                    ),
                },
                {
                  key: 'do',
                  title: t('field.actions'),
                  render: (_, a) => (
                    <div className="row">
                      {!asks(a.protocol) && (
                        <Link to="/seller/debugger" search={{ address: a.id } as never}>
                          {t('nav.debugger')}
                        </Link>
                      )}
                      <Button
                        size="small"
                        onClick={() => {
                          setEditing({ ...a, key: a.key_name })
                        }}
                      >
                        {t('action.edit')}
                      </Button>
                    </div>
                  ),
                },
              ]}
            />
          )}
        </Await>
        <Domains />
        <Keys />
      </div>
    </Page>
  )
}
