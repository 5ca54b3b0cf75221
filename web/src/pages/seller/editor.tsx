import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams } from '@tanstack/react-router'
import { Alert, Button, Checkbox, Form, Input, Popconfirm, Select, Space, Switch, type FormInstance } from 'antd'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { useAction } from '../../kit/action'
import { Summary, useGuard, useWrong } from '../../kit/form'
import { Await, Page } from '../../kit/page'
import { OnePicture, Pictures } from '../../kit/pictures'
import { categories } from '../../kit/shell'
import { State, useText } from '../../kit/show'
import { supervisedTypes } from '../supervision/cases'
import { Both } from './both'
import { DeliveryFields } from './delivery'
import { Specifications } from './specifications'

type Listing = Schemas['ListingBody']
type Detail = Schemas['ProductDetail']

/** What an address may speak that serves a way of delivery. */
const protocolsOf: Record<string, string[]> = {
  saas: ['saas-v2', 'saas-v1', 'saas-aws', 'saas-azure'],
  license_code: ['license'],
  license_1x: ['license-v1'],
  license_online: ['license-online'],
}

/** Ways of delivery, those that an interface opens first. */
const accessTypes = [...Object.keys(protocolsOf), ...supervisedTypes.filter((type) => !protocolsOf[type])]

function Fields({ currency, disabled }: { currency: string; disabled: boolean }) {
  const { t } = useTranslation()
  const addresses = useQuery({ queryKey: ['addresses'], queryFn: () => unwrap(api.GET('/api/v1/seller/addresses')) })
  const access = Form.useWatch('access_type') as string | undefined
  const byCode = access === 'license_code'
  const chosen = Form.useWatch('supervised') as boolean | undefined
  const supervised = (access ?? 'saas') === 'saas' ? !!chosen : supervisedTypes.includes(access ?? '')
  const section = (title: string, children: React.ReactNode) => (
    <section className="panel" style={{ padding: 24 }}>
      <h2>{title}</h2>
      {children}
    </section>
  )
  return (
    <div className="stack">
      {section(
        t('editor.basic'),
        <>
          <Both name={['name']} label={t('field.name')} extra={t('editor.name_hint')} />
          <Form.Item name="category" label={t('store.categories')}>
            <Select
              style={{ maxWidth: 300 }}
              options={categories.map((value) => ({ value, label: t(`category.${value}`) }))}
            />
          </Form.Item>
          <Both name={['overview']} label={t('editor.overview')} extra={t('editor.overview_hint')} rows={2} />
          <Form.Item name="logo" label={t('editor.logo')} extra={t('editor.logo_hint')}>
            <OnePicture kind="logo" disabled={disabled} />
          </Form.Item>
          <Form.Item name="pictures" label={t('editor.pictures')} extra={t('editor.pictures_hint')}>
            <Pictures kind="main" max={5} disabled={disabled} />
          </Form.Item>
          <Form.List name="highlights">
            {(items, { add, remove }) => (
              <>
                {items.map((item) => (
                  <div key={item.key} className="removable">
                    <Both name={[item.name]} label={t('editor.highlight', { n: item.name + 1 })} />
                    <Button onClick={() => remove(item.name)}>{t('action.remove')}</Button>
                  </div>
                ))}
                <div style={{ marginBottom: 24 }}>
                  <Button disabled={items.length >= 10} onClick={() => add({ zh: '', en: '' })}>
                    {t('editor.add_highlight')}
                  </Button>
                </div>
              </>
            )}
          </Form.List>
          <Both
            name={['description']}
            label={t('product.description')}
            extra={t('editor.description_hint')}
            rows={10}
          />
        </>,
      )}
      {section(
        t('product.support'),
        <>
          {(['service_time', 'service_content', 'hotline', 'mailbox'] as const).map((f) => (
            <Form.Item key={f} name={['support', f]} label={t(`support.${f}`)}>
              <Input style={{ maxWidth: 520 }} />
            </Form.Item>
          ))}
          <Both name={['usage_guide']} label={t('product.guide')} rows={4} />
          <Both name={['agreement']} label={t('product.agreement')} rows={4} />
        </>,
      )}
      {section(
        t('editor.business'),
        <>
          <Form.Item name="access_type" label={t('editor.access_type')} extra={t('editor.access_type_hint')}>
            <Select
              style={{ maxWidth: 520 }}
              options={accessTypes.map((value) => ({ value, label: t(`access_type.${value}`) }))}
            />
          </Form.Item>
          <Form.Item name="joint" label={t('editor.joint')} valuePropName="checked" extra={t('editor.joint_hint')}>
            <Switch />
          </Form.Item>
          {(access ?? 'saas') === 'saas' && (
            <Form.Item
              name="supervised"
              label={t('editor.supervised')}
              valuePropName="checked"
              extra={t('editor.supervised_hint')}
            >
              <Switch />
            </Form.Item>
          )}
          {supervised && <DeliveryFields access={access ?? 'saas'} disabled={disabled} />}
          {protocolsOf[access ?? 'saas'] && (
            <Form.Item
              name="interface_address"
              label={t('editor.address')}
              extra={t(byCode ? 'editor.address_hint_code' : 'editor.address_hint')}
            >
              <Select
                style={{ maxWidth: 520 }}
                allowClear
                options={(addresses.data?.addresses ?? [])
                  .filter((a) => (protocolsOf[access ?? 'saas'] ?? []).includes(a.protocol))
                  .map((a) => ({ value: a.id, label: `${a.name} · ${a.url}` }))}
              />
            </Form.Item>
          )}
          <Form.Item
            name="public_sale"
            label={t('editor.public')}
            valuePropName="checked"
            extra={t('editor.public_hint')}
          >
            <Switch />
          </Form.Item>
          {protocolsOf[access ?? 'saas'] && !byCode && (
            <Form.Item name="personal_data" label={t('editor.personal_data')} extra={t('editor.personal_data_hint')}>
              <Checkbox.Group
                options={['mobile_phone', 'email', 'user_id'].map((value) => ({ value, label: t(`consent.${value}`) }))}
              />
            </Form.Item>
          )}
          <Form.List name="extension_parameters">
            {(items, { add, remove }) => (
              <>
                {items.map((item) => (
                  <Space key={item.key} align="baseline" wrap>
                    <Form.Item name={[item.name, 'name']} label={t('editor.parameter')}>
                      <Input />
                    </Form.Item>
                    <Form.Item name={[item.name, 'label', 'zh']} label={t('language.zh')}>
                      <Input />
                    </Form.Item>
                    <Form.Item name={[item.name, 'label', 'en']} label={t('language.en')}>
                      <Input />
                    </Form.Item>
                    <Form.Item name={[item.name, 'mandatory']} label={t('editor.mandatory')} valuePropName="checked">
                      <Switch />
                    </Form.Item>
                    <Button onClick={() => remove(item.name)}>{t('action.remove')}</Button>
                  </Space>
                ))}
                <div>
                  <Button
                    disabled={items.length >= 3}
                    onClick={() => add({ name: '', label: { zh: '', en: '' }, mandatory: false })}
                  >
                    {t('editor.add_parameter')}
                  </Button>
                </div>
              </>
            )}
          </Form.List>
        </>,
      )}
      {section(t('product.specifications'), <Specifications currency={currency} />)}
    </div>
  )
}

function Editor({ product }: { product: Detail }) {
  const { t } = useTranslation()
  const text = useText()
  const navigate = useNavigate()
  const [form] = Form.useForm<Listing>()
  const newest = product.revisions[0]
  const marked = Object.entries(newest?.marks ?? {}).map(([pointer, detail]) => ({ pointer, detail, code: 'marked' }))
  const { wrong, show, catching } = useWrong(form as FormInstance, newest?.state === 'rejected' ? marked : [])
  const dirty = useGuard()
  // The operator's marks stand at their fields from the start.
  // biome-ignore lint/correctness/useExhaustiveDependencies: once; what is wrong later shows itself
  useEffect(() => {
    if (wrong.length > 0) show(wrong)
  }, [form])
  /** What another way of delivery left behind is not sent. */
  const values = (): Listing => {
    const all = form.getFieldsValue(true)
    const access = all.access_type ?? 'saas'
    const supervised = access === 'saas' ? !!all.supervised : supervisedTypes.includes(access)
    const specifications =
      access === 'license_code'
        ? all.specifications
        : (all.specifications ?? []).map((s: Schemas['SpecificationBody']) => ({ ...s, licence: null }))
    const delivery = supervised
      ? ({
          ...all.delivery,
          flow: access === 'human_service' ? all.delivery?.flow : null,
          call_after_acceptance: access === 'saas' && !!all.delivery?.call_after_acceptance,
        } as Listing['delivery'])
      : null
    return {
      ...all,
      specifications,
      supervised: access === 'saas' && !!all.supervised,
      delivery,
      interface_address: protocolsOf[access] ? all.interface_address : null,
      personal_data: protocolsOf[access] ? all.personal_data : [],
    }
  }
  const put = () =>
    unwrap(api.PUT('/api/v1/seller/products/by-key/{key}', { params: { path: { key: product.key } }, body: values() }))
  /** Saving may have made a new revision beside the one that sells. */
  const newestId = async () =>
    (await unwrap(api.GET('/api/v1/seller/products/{id}', { params: { path: { id: product.id } } }))).revisions[0]
      ?.id ?? ''
  const save = useAction(
    () => catching(put()),
    () => {
      dirty.current = false
    },
    t('editor.saved'),
  )
  const submit = useAction(
    async () => {
      await catching(put())
      dirty.current = false
      return catching(
        unwrap(api.POST('/api/v1/seller/applications/{id}/submit', { params: { path: { id: await newestId() } } })),
      )
    },
    () => show([]),
    t('editor.submitted'),
  )
  const withdraw = useAction(() =>
    unwrap(api.POST('/api/v1/seller/applications/{id}/withdraw', { params: { path: { id: newest?.id ?? '' } } })),
  )
  const waiting = newest?.state === 'in_review'
  const preview = async () => {
    if (dirty.current) await save.mutateAsync(undefined)
    void navigate({ to: '/previews/$id', params: { id: await newestId() } as never })
  }
  return (
    <Page
      title={text(newest?.listing.name) || product.key}
      above={product.key}
      purpose={t('editor.purpose')}
      actions={
        <>
          <State of={product.visibility} />
          {newest && <State of={newest.state} />}
          <Button onClick={() => void preview()}>{t('editor.preview')}</Button>
          {waiting ? (
            <Popconfirm title={t('editor.withdraw_sure')} onConfirm={() => withdraw.mutate(undefined)}>
              <Button>{t('editor.withdraw')}</Button>
            </Popconfirm>
          ) : (
            <Button loading={save.isPending} onClick={() => save.mutate(undefined)}>
              {t('editor.save')}
            </Button>
          )}
          <Button type="primary" disabled={waiting} loading={submit.isPending} onClick={() => submit.mutate(undefined)}>
            {t('action.submit_review')}
          </Button>
        </>
      }
    >
      {newest?.state === 'rejected' && newest.reason && (
        <Alert
          type="warning"
          showIcon
          style={{ marginBottom: 16 }}
          title={t('editor.returned')}
          description={newest.reason}
        />
      )}
      <Summary form={form as FormInstance} wrong={wrong} />
      <Form
        form={form}
        layout="vertical"
        disabled={waiting}
        initialValues={newest?.listing}
        onValuesChange={() => {
          dirty.current = true
        }}
        scrollToFirstError
      >
        <Fields currency={product.currency} disabled={waiting} />
      </Form>
    </Page>
  )
}

/** The editor of a product: drafts, marks of the operator, submission. */
export function ProductEditor() {
  const { id } = useParams({ strict: false }) as { id: string }
  const query = useQuery({
    queryKey: ['my-product', id],
    queryFn: () => unwrap(api.GET('/api/v1/seller/products/{id}', { params: { path: { id } } })),
  })
  return <Await query={query}>{(product) => <Editor key={product.revisions[0]?.id} product={product} />}</Await>
}
