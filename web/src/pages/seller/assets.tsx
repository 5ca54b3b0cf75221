import { Link, useNavigate } from '@tanstack/react-router'
import { Button, Form, Input, Modal, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { Entry } from '../../kit/form'
import { List } from '../../kit/list'
import { Page } from '../../kit/page'
import { Time } from '../../kit/show'

type Asset = Schemas['AssetSummary']

const kinds = ['software_package', 'image']

function Making({ close }: { close: () => void }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const [form] = Form.useForm<{ name: string; kind: string }>()
  return (
    <Modal open title={t('assets.add')} onCancel={close} onOk={() => form.submit()}>
      <Entry
        form={form}
        initial={{ kind: 'software_package' }}
        run={(body) => unwrap(api.POST('/api/v1/seller/assets', { body }))}
        done={({ id }) => void navigate({ to: '/seller/assets/$id', params: { id } as never })}
      >
        <Form.Item name="name" label={t('field.name')} rules={[{ required: true, message: t('form.required') }]}>
          <Input maxLength={60} autoFocus />
        </Form.Item>
        <Form.Item name="kind" label={t('field.kind')} extra={t('assets.kind_hint')}>
          <Select options={kinds.map((value) => ({ value, label: t(`assets.${value}`) }))} />
        </Form.Item>
      </Entry>
    </Modal>
  )
}

/** What the seller's products are deployed from. */
export function Assets() {
  const { t } = useTranslation()
  const [making, setMaking] = useState(false)
  return (
    <Page
      title={t('nav.assets')}
      purpose={t('assets.purpose')}
      actions={
        <Button type="primary" onClick={() => setMaking(true)}>
          {t('assets.add')}
        </Button>
      }
    >
      {making && <Making close={() => setMaking(false)} />}
      <List<Asset>
        name="assets"
        rowKey={(a) => a.id}
        empty={t('assets.empty')}
        fetch={async ({ name, kind }) => {
          const { assets } = await unwrap(api.GET('/api/v1/seller/assets'))
          return {
            rows: assets.filter(
              (a) => (!kind || a.kind === kind) && a.name.toLowerCase().includes((name ?? '').toLowerCase()),
            ),
          }
        }}
        filters={[
          { name: 'name', label: t('field.name') },
          {
            name: 'kind',
            label: t('field.kind'),
            options: kinds.map((value) => ({ value, label: t(`assets.${value}`) })),
          },
        ]}
        columns={[
          {
            key: 'name',
            title: t('field.name'),
            value: (a) => a.name,
            render: (a) => (
              <Link to={'/seller/assets/$id' as never} params={{ id: a.id } as never}>
                {a.name}
              </Link>
            ),
          },
          { key: 'kind', title: t('field.kind'), value: (a) => t(`assets.${a.kind}`) },
          { key: 'versions', title: t('assets.versions'), align: 'right', value: (a) => a.versions },
          {
            key: 'at',
            title: t('field.created_at'),
            value: (a) => a.created_at,
            render: (a) => <Time at={a.created_at} />,
          },
        ]}
      />
    </Page>
  )
}
