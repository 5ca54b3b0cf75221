import { Button, DatePicker, Form, Input, Modal, Radio } from 'antd'
import dayjs, { type Dayjs } from 'dayjs'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { useAction } from '../../kit/action'
import { onVersion, useDecision } from '../../kit/decide'
import { Entry } from '../../kit/form'
import { useText } from '../../kit/show'
import { FilesItem, named } from './files'
import { CaseLine } from './line'

type Case = Schemas['SupervisionCase']
type Action = Schemas['ActionView']
type Values = {
  text?: string
  reason?: string
  opening_time?: Dayjs
  carrier?: string
  tracking_number?: string
  code_by?: 'system' | 'hardware'
  identification_code?: string
  licence?: string
  elements?: {
    order_numbers?: string
    customer_name?: string
    product_name?: string
    specification_name?: string
    validity?: [Dayjs, Dayjs]
    resource_order?: string
  }
  documents?: Schemas['DocumentView'][]
}

const day = (at?: Dayjs) => at?.format('YYYY-MM-DD')

/** What was filled in, as the server takes it. */
function bodyOf(verb: string, v: Values): Schemas['ActBody'] {
  const e = v.elements
  return {
    verb,
    text: v.text || undefined,
    reason: v.reason || undefined,
    opening_time: v.opening_time?.toISOString(),
    carrier: v.carrier || undefined,
    tracking_number: v.tracking_number || undefined,
    licence: v.licence || undefined,
    identification_code: v.code_by === 'system' ? 'system' : v.identification_code || undefined,
    elements: e && {
      order_numbers: (e.order_numbers ?? '').split(/[\s,;，；]+/).filter(Boolean),
      customer_name: e.customer_name ?? '',
      product_name: e.product_name ?? '',
      specification_name: e.specification_name ?? '',
      valid_from: day(e.validity?.[0]),
      valid_to: day(e.validity?.[1]),
      resource_order: e.resource_order || undefined,
    },
    documents: named(v.documents),
  }
}

/** The five key elements: the document is read by a person, what he finds is compared by the platform. */
function Elements() {
  const { t } = useTranslation()
  const need = [{ required: true, message: t('form.required') }]
  return (
    <fieldset style={{ border: '1px solid var(--line)', borderRadius: 8, padding: 16, marginBottom: 24 }}>
      <legend className="framed">{t('fieldname.elements')}</legend>
      <p className="muted">{t('supervision.elements_hint')}</p>
      {(['order_numbers', 'customer_name', 'product_name', 'specification_name'] as const).map((name) => (
        <Form.Item key={name} name={['elements', name]} label={t(`elements.${name}`)} rules={need}>
          <Input maxLength={120} />
        </Form.Item>
      ))}
      <Form.Item name={['elements', 'validity']} label={t('elements.validity')}>
        <DatePicker.RangePicker style={{ width: '100%' }} />
      </Form.Item>
      <Form.Item name={['elements', 'resource_order']} label={t('elements.resource_order')}>
        <Input maxLength={64} />
      </Form.Item>
    </fieldset>
  )
}

/** One field that an action asks for. */
function Field({ of, since }: { of: Schemas['FieldView']; since: string }) {
  const { t } = useTranslation()
  const rules = of.required ? [{ required: true, message: t('form.required') }] : []
  const by = Form.useWatch('code_by') as string | undefined
  const label = t(`fieldname.${of.name}`)
  switch (of.name) {
    case 'opening_time':
      return (
        <Form.Item name="opening_time" label={label} extra={t('supervision.opening_hint')}>
          <DatePicker showTime style={{ width: '100%' }} disabledDate={(d) => d.isBefore(dayjs(since), 'day')} />
        </Form.Item>
      )
    case 'elements':
      return <Elements />
    case 'identification_code':
      return (
        <>
          <Form.Item name="code_by" label={label} initialValue="system">
            <Radio.Group
              options={[
                { value: 'system', label: t('supervision.code_system') },
                { value: 'hardware', label: t('supervision.code_hardware') },
              ]}
            />
          </Form.Item>
          {by === 'hardware' && (
            <Form.Item name="identification_code" label={t('supervision.code_hardware')} rules={rules}>
              <Input maxLength={256} />
            </Form.Item>
          )}
        </>
      )
    case 'carrier':
    case 'tracking_number':
      return (
        <Form.Item name={of.name} label={label} rules={rules}>
          <Input maxLength={60} />
        </Form.Item>
      )
    default:
      return (
        <Form.Item name={of.name} label={label} rules={rules}>
          <Input.TextArea
            rows={of.name === 'licence' ? 5 : 3}
            maxLength={of.name === 'licence' ? 20000 : of.name === 'reason' ? 1000 : 5000}
          />
        </Form.Item>
      )
  }
}

/** An action of the case: at once when it asks for nothing, else a form. */
function Act({ of, action, first }: { of: Case; action: Action; first: boolean }) {
  const { t } = useTranslation()
  const text = useText()
  const [open, setOpen] = useState(false)
  const path = { params: { path: { id: of.id }, query: { as: of.party as never }, header: onVersion(of) } }
  const run = (v: Values) =>
    of.party === 'operator'
      ? unwrap(
          api.POST('/api/v1/operator/supervision/{id}/actions', {
            params: { path: { id: of.id }, header: onVersion(of) },
            body: bodyOf(action.verb, v),
          }),
        )
      : unwrap(api.POST('/api/v1/supervision/{id}/actions', { ...path, body: bodyOf(action.verb, v) }))
  const plain = action.fields.length === 0 && action.evidence.length === 0
  const now = useAction(() => run({}), undefined, t('supervision.done'))
  const danger = ['reject', 'return'].includes(action.verb)
  const name = t(`verb.${action.verb}`)
  const { ask } = useDecision()
  const about: [string, string][] = [
    [t('field.order_number'), of.order_number],
    [t('field.product'), text(of.product_name)],
    [t('field.customer'), of.customer_name],
  ]
  const sure = () => ask({ title: name, about, ok: name, danger }, () => now.mutateAsync(undefined))
  return (
    <>
      <Button
        type={first && !danger ? 'primary' : 'default'}
        danger={danger}
        loading={now.isPending}
        onClick={() => (plain ? sure() : setOpen(true))}
      >
        {name}
      </Button>
      <Modal open={open} title={name} onCancel={() => setOpen(false)} footer={null} width={640} destroyOnHidden>
        <CaseLine of={of} />
        {action.verb === 'accept' && (
          <p>
            {t('supervision.accept_sure', { amount: action.share ? `${action.share} %` : t('supervision.the_rest') })}
          </p>
        )}
        <Entry<Values, Case>
          name={`act-${action.verb}`}
          initial={{ elements: undefined }}
          run={run}
          done={() => setOpen(false)}
          success={t('supervision.done')}
          send={name}
        >
          {action.fields.map((f) => (
            <Field key={f.name} of={f} since={of.started_at} />
          ))}
          <FilesItem id={of.id} side={of.party} asked={action.evidence} />
        </Entry>
      </Modal>
    </>
  )
}

/** Everything that the reader may do at this node. */
export function Actions({ of }: { of: Case }) {
  return (
    <>
      {of.actions.map((action, i) => (
        <Act key={action.verb} of={of} action={action} first={i === 0} />
      ))}
    </>
  )
}
