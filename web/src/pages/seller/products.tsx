import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { Button, Empty, Form, Input, Modal, Table } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { useAction } from '../../kit/action'
import { Await, Page } from '../../kit/page'
import { State, Time, useText } from '../../kit/show'

/** Products of the seller, with the state of sale and of the newest application. */
export function SellerProducts() {
  const { t } = useTranslation()
  const text = useText()
  const navigate = useNavigate()
  const [asking, setAsking] = useState(false)
  const [form] = Form.useForm<{ key: string }>()
  const query = useQuery({ queryKey: ['my-products'], queryFn: () => unwrap(api.GET('/api/v1/seller/products')) })
  const create = useAction(
    ({ key }: { key: string }) => unwrap(api.PUT('/api/v1/seller/products/by-key/{key}', { params: { path: { key } }, body: {} as Schemas['ListingBody'] })),
    (made) => void navigate({ to: '/seller/products/$id', params: { id: made.id } as never }),
  )
  return (
    <Page title={t('nav.my_products')} purpose={t('products.purpose')} actions={<Button type="primary" onClick={() => setAsking(true)}>{t('products.new')}</Button>}>
      <Modal open={asking} title={t('products.new')} onCancel={() => setAsking(false)} onOk={() => form.submit()} okButtonProps={{ loading: create.isPending }}>
        <Form form={form} layout="vertical" onFinish={(v) => create.mutate(v)}>
          <Form.Item name="key" label={t('products.key')} extra={t('products.key_hint')} rules={[{ required: true, pattern: /^[a-z0-9-]{1,60}$/, message: t('products.key_hint') }]}><Input autoFocus /></Form.Item>
        </Form>
      </Modal>
      <Await query={query}>
        {(data) => (
          <Table rowKey="id" size="middle" pagination={{ pageSize: 20, hideOnSinglePage: true }} dataSource={data.products} scroll={{ x: 'max-content' }} locale={{ emptyText: <Empty description={t('products.empty')} /> }} columns={[
            { key: 'name', title: t('field.product'), render: (_, p) => <Link to="/seller/products/$id" params={{ id: p.id } as never}>{text(p.name) || p.key}</Link> },
            { key: 'key', title: t('products.key'), render: (_, p) => <span className="mono">{p.key}</span> },
            { key: 'v', title: t('products.sale'), render: (_, p) => <State of={p.visibility} /> },
            { key: 'a', title: t('products.application'), render: (_, p) => p.application_state && <State of={p.application_state} /> },
            { key: 'at', title: t('field.updated_at'), render: (_, p) => <Time at={p.updated_at} /> },
          ]} />
        )}
      </Await>
    </Page>
  )
}
