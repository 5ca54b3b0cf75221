import { useQuery } from '@tanstack/react-query'
import { Button, Form, Input, Modal, Popconfirm, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { useAction } from '../../kit/action'
import { Entry } from '../../kit/form'
import { List } from '../../kit/list'
import { Page } from '../../kit/page'
import { Id, Time } from '../../kit/show'

type Application = Schemas['SignOnApplicationView']
type Editing = Partial<Application>

function Editor({ of, close }: { of: Editing; close: () => void }) {
  const { t } = useTranslation()
  const [form] = Form.useForm<Application>()
  const products = useQuery({
    queryKey: ['own-products'],
    queryFn: () => unwrap(api.GET('/api/v1/seller/products', { params: { query: { limit: '100' } } })),
  })
  const addresses = useQuery({ queryKey: ['addresses'], queryFn: () => unwrap(api.GET('/api/v1/seller/addresses')) })
  const need = [{ required: true, message: t('form.required') }]
  const save = ({ product, name, login_url, address, public_key, redirect_uris }: Application) =>
    unwrap(
      api.PUT('/api/v1/seller/sign-on-applications/by-product/{key}', {
        params: { path: { key: product } },
        body: { name, login_url, address, public_key, redirect_uris },
      }),
    )
  return (
    <Modal open title={t('sign_on_apps.add')} width={640} onCancel={close} onOk={() => form.submit()}>
      <Entry form={form} initial={of} run={save} done={close}>
        <Form.Item name="product" label={t('field.product')} rules={need}>
          <Select
            disabled={!!of.product}
            options={(products.data?.products ?? []).map((p) => ({ value: p.key, label: p.key }))}
          />
        </Form.Item>
        <Form.Item name="name" label={t('field.name')} rules={need}>
          <Input maxLength={100} />
        </Form.Item>
        <Form.Item
          name="login_url"
          label={t('sign_on_apps.login_url')}
          extra={t('sign_on_apps.login_url_hint')}
          rules={need}
        >
          <Input maxLength={400} />
        </Form.Item>
        <Form.Item
          name="redirect_uris"
          label={t('sign_on_apps.redirect_uris')}
          extra={t('sign_on_apps.redirect_uris_hint')}
          rules={need}
        >
          <Select mode="tags" open={false} suffixIcon={null} />
        </Form.Item>
        <Form.Item name="address" label={t('sign_on_apps.address')} extra={t('sign_on_apps.address_hint')} rules={need}>
          <Select
            options={(addresses.data?.addresses ?? [])
              .filter((a) => a.protocol.startsWith('kit'))
              .map((a) => ({ value: a.id, label: `${a.name} ${a.url}` }))}
          />
        </Form.Item>
        <Form.Item
          name="public_key"
          label={t('sign_on_apps.public_key')}
          extra={t('sign_on_apps.public_key_hint')}
          rules={need}
        >
          <Input.TextArea rows={6} className="mono" placeholder="-----BEGIN PUBLIC KEY-----" />
        </Form.Item>
      </Entry>
    </Modal>
  )
}

/** Applications into which the people of buyers sign on. */
export function SignOnApplications() {
  const { t } = useTranslation()
  const [editing, setEditing] = useState<Editing | null>(null)
  const secret = useAction(
    (key: string) =>
      unwrap(
        api.POST('/api/v1/seller/sign-on-applications/by-product/{key}/secret', {
          params: { path: { key } },
          body: {},
        }),
      ),
    undefined,
    t('sign_on_apps.secret_told'),
  )
  return (
    <Page
      title={t('nav.sign_on_apps')}
      purpose={t('sign_on_apps.purpose')}
      actions={
        <Button type="primary" onClick={() => setEditing({})}>
          {t('sign_on_apps.add')}
        </Button>
      }
    >
      {editing && <Editor of={editing} close={() => setEditing(null)} />}
      <List<Application>
        name="sign-on-applications"
        rowKey={(a) => a.id}
        empty={t('sign_on_apps.empty')}
        fetch={async (_search, paging) => {
          const data = await unwrap(api.GET('/api/v1/seller/sign-on-applications', { params: { query: paging } }))
          return { rows: data.applications, next: data.next }
        }}
        columns={[
          { key: 'name', title: t('field.name'), value: (a) => a.name },
          { key: 'product', title: t('field.product'), value: (a) => a.product },
          {
            key: 'client',
            title: t('sign_on_apps.client_id'),
            value: (a) => a.client_id,
            render: (a) => <Id of={a.client_id} />,
          },
          {
            key: 'login',
            title: t('sign_on_apps.login_url'),
            value: (a) => a.login_url,
            render: (a) => <span className="mono">{a.login_url}</span>,
          },
          {
            key: 'at',
            title: t('field.created_at'),
            sort: 'created',
            value: (a) => a.created_at,
            render: (a) => <Time at={a.created_at} />,
          },
          {
            key: 'do',
            title: t('field.actions'),
            render: (a) => (
              <div className="row">
                <Button size="small" onClick={() => setEditing(a)}>
                  {t('action.edit')}
                </Button>
                <Popconfirm title={t('sign_on_apps.secret_sure')} onConfirm={() => secret.mutate(a.product)}>
                  <Button size="small">{t('sign_on_apps.new_secret')}</Button>
                </Popconfirm>
              </div>
            ),
          },
        ]}
      />
    </Page>
  )
}
