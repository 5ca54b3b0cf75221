import { Link, useNavigate } from '@tanstack/react-router'
import { Button, Form, Input, Modal } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { Entry } from '../../kit/form'
import { List } from '../../kit/list'
import { Page } from '../../kit/page'
import { State, Time, useText } from '../../kit/show'

/** Products of the seller, with the state of sale and of the newest application. */
export function SellerProducts() {
  const { t } = useTranslation()
  const text = useText()
  const navigate = useNavigate()
  const [asking, setAsking] = useState(false)
  const [form] = Form.useForm<{ key: string }>()
  const create = ({ key }: { key: string }) =>
    unwrap(
      api.PUT('/api/v1/seller/products/by-key/{key}', {
        params: { path: { key } },
        body: {} as Schemas['ListingBody'],
      }),
    )
  return (
    <Page
      title={t('nav.my_products')}
      purpose={t('products.purpose')}
      actions={
        <Button type="primary" onClick={() => setAsking(true)}>
          {t('products.new')}
        </Button>
      }
    >
      <Modal open={asking} title={t('products.new')} onCancel={() => setAsking(false)} onOk={() => form.submit()}>
        <Entry
          form={form}
          run={create}
          done={(made) => void navigate({ to: '/seller/products/$id', params: { id: made.id } as never })}
        >
          <Form.Item
            name="key"
            label={t('products.key')}
            extra={t('products.key_hint')}
            rules={[{ required: true, pattern: /^[a-z0-9-]{1,60}$/, message: t('products.key_hint') }]}
          >
            <Input autoFocus />
          </Form.Item>
        </Entry>
      </Modal>
      <List<Schemas['ProductView']>
        name="my-products"
        rowKey={(p) => p.id}
        empty={t('products.empty')}
        fetch={async ({ visibility }, paging) => {
          const data = await unwrap(
            api.GET('/api/v1/seller/products', { params: { query: { visibility, ...paging } } }),
          )
          return { rows: data.products, next: data.next }
        }}
        filters={[
          {
            name: 'visibility',
            label: t('products.sale'),
            options: ['unlisted', 'on_sale', 'hidden', 'frozen', 'stopped'].map((value) => ({
              value,
              label: t(`state.${value}`),
            })),
          },
        ]}
        columns={[
          {
            key: 'name',
            title: t('field.product'),
            value: (p) => text(p.name),
            render: (p) => (
              <Link to="/seller/products/$id" params={{ id: p.id } as never}>
                {text(p.name) || p.key}
              </Link>
            ),
          },
          {
            key: 'key',
            title: t('products.key'),
            value: (p) => p.key,
            render: (p) => <span className="mono">{p.key}</span>,
          },
          {
            key: 'v',
            title: t('products.sale'),
            value: (p) => t(`state.${p.visibility}`),
            render: (p) => <State of={p.visibility} />,
          },
          {
            key: 'a',
            title: t('products.application'),
            value: (p) => p.application_state && t(`state.${p.application_state}`),
            render: (p) => p.application_state && <State of={p.application_state} />,
          },
          {
            key: 'at',
            title: t('field.updated_at'),
            value: (p) => p.updated_at,
            render: (p) => <Time at={p.updated_at} />,
          },
        ]}
      />
    </Page>
  )
}
