import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { Button, Descriptions, Empty, Form, Input, Popconfirm, Select, Table, Tag } from 'antd'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { useAction } from '../../kit/action'
import { Entry } from '../../kit/form'
import { Await, Page } from '../../kit/page'
import { Id, Time, useText } from '../../kit/show'
import { bytesText, PackageUpload } from './upload'

type Asset = Schemas['AssetView']
type Version = Schemas['VersionView']
type Image = Schemas['ImageBody']

const useNeed = () => [{ required: true, message: useTranslation().t('form.required') }]

/** Where a version of an image lies in a region. */
function ImageForm({ asset }: { asset: string }) {
  const { t } = useTranslation()
  const need = useNeed()
  const texts = [
    ['version', 32, '1.0.0'],
    ['region', 64, 'cn-north-4'],
    ['image_id', 64, ''],
    ['image_name', 128, ''],
    ['os_type', 32, 'Linux'],
  ] as const
  return (
    <Entry<Image, Asset>
      name="image"
      initial={{ os_type: 'Linux', architecture: 'x86' }}
      run={(body) => unwrap(api.POST('/api/v1/seller/assets/{id}/images', { params: { path: { id: asset } }, body }))}
      success={t('assets.added')}
      send={t('assets.add_image')}
    >
      <div className="two">
        {texts.map(([name, maxLength, placeholder]) => (
          <Form.Item key={name} name={name} label={t(`assets.${name}`)} rules={need}>
            <Input maxLength={maxLength} placeholder={placeholder} />
          </Form.Item>
        ))}
        <Form.Item name="architecture" label={t('assets.architecture')}>
          <Select options={['x86', 'arm'].map((value) => ({ value, label: value }))} />
        </Form.Item>
      </div>
    </Entry>
  )
}

function Versions({ asset }: { asset: Asset }) {
  const { t } = useTranslation()
  const packages = [
    {
      key: 'f',
      title: t('assets.file_name'),
      render: (_: unknown, v: Version) => <span className="mono">{v.file_name}</span>,
    },
    {
      key: 'l',
      title: t('assets.length'),
      align: 'right' as const,
      render: (_: unknown, v: Version) => bytesText(v.length ?? 0),
    },
    { key: 'h', title: 'SHA-256', render: (_: unknown, v: Version) => <Id of={v.checksum ?? ''} /> },
  ]
  const images = [
    {
      key: 'i',
      title: t('assets.regions'),
      render: (_: unknown, v: Version) =>
        v.images.map((i) => (
          <div key={i.region}>
            <Tag>{i.region}</Tag> {i.image_name}{' '}
            <span className="dim">
              {i.os_type} {i.architecture}
            </span>{' '}
            <Id of={i.image_id} />
          </div>
        )),
    },
  ]
  return (
    <section className="panel" style={{ padding: 24 }}>
      <h2>{t('assets.versions')}</h2>
      <Table<Version>
        size="small"
        rowKey="version"
        dataSource={asset.versions}
        pagination={asset.versions.length > 10 ? { pageSize: 10 } : false}
        scroll={{ x: 'max-content' }}
        locale={{ emptyText: <Empty description={t('assets.no_versions')} /> }}
        columns={[
          { key: 'v', title: t('assets.version'), render: (_, v) => <span className="mono">{v.version}</span> },
          ...(asset.kind === 'image' ? images : packages),
          { key: 'at', title: t('field.created_at'), render: (_, v) => <Time at={v.created_at} /> },
        ]}
      />
      <h3 style={{ marginTop: 24 }}>{t('assets.new_version')}</h3>
      <p className="muted">{t('assets.new_version_more')}</p>
      {asset.kind === 'image' ? <ImageForm asset={asset.id} /> : <PackageUpload asset={asset.id} />}
    </section>
  )
}

/** Specifications of listed products that are deployed from the asset. */
function Links({ asset }: { asset: Asset }) {
  const { t } = useTranslation()
  const text = useText()
  const need = useNeed()
  const [form] = Form.useForm<{ product: string; specification: string }>()
  const product = Form.useWatch('product', form)
  const products = useQuery({
    queryKey: ['own-products'],
    queryFn: () => unwrap(api.GET('/api/v1/seller/products', { params: { query: { limit: '100' } } })),
  })
  const chosen = useQuery({
    queryKey: ['own-product', product],
    enabled: !!product,
    queryFn: () => unwrap(api.GET('/api/v1/seller/products/{id}', { params: { path: { id: product ?? '' } } })),
  })
  const listed = (products.data?.products ?? []).filter((p) => p.visibility !== 'unlisted')
  const specifications = chosen.data?.revisions.find((r) => r.state === 'approved')?.listing.specifications ?? []
  const named = (id: string) => products.data?.products.find((p) => p.id === id)
  const query = (l: Schemas['LinkView']) => ({ params: { path: { id: asset.id }, query: l } })
  const unlink = useAction((l: Schemas['LinkView']) => unwrap(api.DELETE('/api/v1/seller/assets/{id}/links', query(l))))
  return (
    <section className="panel" style={{ padding: 24 }}>
      <h2>{t('assets.links')}</h2>
      <p className="muted">{t('assets.links_more')}</p>
      <Table<Schemas['LinkView']>
        size="small"
        rowKey={(l) => `${l.product} ${l.specification}`}
        dataSource={asset.links}
        pagination={asset.links.length > 10 ? { pageSize: 10 } : false}
        scroll={{ x: 'max-content' }}
        locale={{ emptyText: <Empty description={t('assets.no_links')} /> }}
        columns={[
          {
            key: 'p',
            title: t('field.product'),
            render: (_, l) => (
              <Link to="/seller/products/$id" params={{ id: l.product } as never}>
                {text(named(l.product)?.name) || named(l.product)?.key || l.product}
              </Link>
            ),
          },
          {
            key: 's',
            title: t('assets.specification'),
            render: (_, l) => <span className="mono">{l.specification}</span>,
          },
          {
            key: 'do',
            title: t('field.actions'),
            render: (_, l) => (
              <Popconfirm title={t('assets.unlink_sure')} onConfirm={() => unlink.mutate(l)}>
                <Button size="small" danger>
                  {t('action.remove')}
                </Button>
              </Popconfirm>
            ),
          },
        ]}
      />
      <Entry<{ product: string; specification: string }, unknown>
        form={form}
        name="link"
        style={{ marginTop: 16, maxWidth: 560 }}
        run={(l) => unwrap(api.PUT('/api/v1/seller/assets/{id}/links', query(l)))}
        done={() => form.resetFields()}
        send={t('assets.link')}
      >
        <Form.Item name="product" label={t('field.product')} rules={need}>
          <Select
            onChange={() => form.resetFields(['specification'])}
            options={listed.map((p) => ({ value: p.id, label: text(p.name) || p.key }))}
          />
        </Form.Item>
        <Form.Item name="specification" label={t('assets.specification')} rules={need}>
          <Select
            disabled={!product}
            loading={chosen.isFetching}
            options={specifications.map((s) => ({ value: s.key, label: `${text(s.name)} (${s.key})` }))}
          />
        </Form.Item>
      </Entry>
    </section>
  )
}

/** One asset: its versions, and what is deployed from it. */
export function AssetPage() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const { id } = useParams({ strict: false }) as { id: string }
  const query = useQuery({
    queryKey: ['asset', id],
    queryFn: () => unwrap(api.GET('/api/v1/seller/assets/{id}', { params: { path: { id } } })),
  })
  const remove = useAction(
    () => unwrap(api.DELETE('/api/v1/seller/assets/{id}', { params: { path: { id } } })),
    () => void navigate({ to: '/seller/assets' as never }),
  )
  return (
    <Await query={query}>
      {(asset) => (
        <Page
          title={asset.name}
          above={<Link to={'/seller/assets' as never}>{t('nav.assets')}</Link>}
          actions={
            <Popconfirm
              title={t('assets.remove_sure')}
              onConfirm={() => remove.mutate(undefined)}
              disabled={asset.links.length > 0}
            >
              <Button danger disabled={asset.links.length > 0}>
                {t('action.delete')}
              </Button>
            </Popconfirm>
          }
        >
          <div className="stack">
            <Descriptions
              className="panel"
              style={{ padding: 24 }}
              size="small"
              column={{ xs: 1, md: 3 }}
              items={[
                { key: 'k', label: t('field.kind'), children: t(`assets.${asset.kind}`) },
                { key: 'i', label: t('assets.code'), children: <Id of={asset.id} /> },
                { key: 'at', label: t('field.created_at'), children: <Time at={asset.created_at} /> },
              ]}
            />
            <Versions asset={asset} />
            <Links asset={asset} />
          </div>
        </Page>
      )}
    </Await>
  )
}
