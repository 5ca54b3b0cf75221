import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Alert, Button, Descriptions, Modal, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { useAction } from '../../kit/action'
import { onVersion } from '../../kit/decide'
import { Await } from '../../kit/page'
import { ProblemBox } from '../../kit/problem'
import { moneyText, Time, useText } from '../../kit/show'
import { periodsOf } from '../store/buy-box'

type Instance = Schemas['InstanceView']

type Choices = Schemas['InstanceChoices']

/** What the instance can be renewed as and changed to. */
export const useChoices = (instance: Instance) =>
  useQuery({
    queryKey: ['choices', instance.id],
    queryFn: () => unwrap(api.GET('/api/v1/instances/{id}/choices', { params: { path: { id: instance.id } } })),
    enabled: ['running', 'frozen'].includes(instance.state) && !!instance.expires_at,
    retry: false,
  })

/** A renewal, or the conversion of a trial. */
export function RenewModal({ instance, close }: { instance: Instance; close: () => void }) {
  const { t } = useTranslation()
  return (
    <Modal open footer={null} title={t(instance.trial ? 'action.convert' : 'action.renew')} onCancel={close}>
      <Await query={useChoices(instance)}>
        {(choices) => <RenewForm instance={instance} choices={choices} close={close} />}
      </Await>
    </Modal>
  )
}

function RenewForm({ instance, choices, close }: { instance: Instance; choices: Choices; close: () => void }) {
  const { t } = useTranslation()
  const text = useText()
  const navigate = useNavigate()
  const [sku, setSku] = useState(instance.sku)
  const combinations = [choices.present, ...(choices.with_renewal ? choices.others : [])]
  const periods = periodsOf(combinations.find((c) => c.sku === sku))
  const [period, setPeriod] = useState('1m')
  const chosen = periods.includes(period) ? period : periods[0]
  const changed = sku !== instance.sku
  const body = { period: chosen ?? '', ...(changed ? { sku } : {}) }
  const quote = useQuery({
    queryKey: ['renewal', instance.id, body],
    queryFn: () =>
      unwrap(api.GET('/api/v1/instances/{id}/renewal-quote', { params: { path: { id: instance.id }, query: body } })),
    enabled: !!chosen,
    retry: false,
  })
  const order = useAction(
    () =>
      unwrap(
        api.POST(instance.trial ? '/api/v1/instances/{id}/convert' : '/api/v1/instances/{id}/renew', {
          params: { path: { id: instance.id } },
          headers: quote.data && onVersion(quote.data),
          body: { ...body, pay: true },
        }),
      ),
    (o) => void navigate({ to: '/buyer/orders/$number', params: { number: o.order_number } as never }),
  )
  return (
    <div className="stack">
      <p style={{ margin: 0 }}>
        {t(instance.trial ? 'instance.convert_text' : changed ? 'instance.renew_change_text' : 'instance.renew_text')}
      </p>
      <Descriptions
        size="small"
        column={1}
        items={[
          { key: 'p', label: t('field.product'), children: text(instance.product_name) },
          { key: 'n', label: t('instance.upgrade_now'), children: text(choices.present.name) },
          { key: 'e', label: t('instance.ends_now'), children: <Time at={instance.expires_at} /> },
          { key: 'u', label: t('instance.ends_then'), children: <Time at={quote.data?.ends_at} /> },
        ]}
      />
      {combinations.length > 1 && (
        <Select
          aria-label={t('buy.combination')}
          value={sku}
          onChange={setSku}
          options={combinations.map((c) => ({ value: c.sku, label: text(c.name) }))}
        />
      )}
      <Select
        aria-label={t('buy.period')}
        style={{ width: 200 }}
        value={chosen}
        onChange={setPeriod}
        options={periods.map((value) => ({ value, label: t(`period.${value}`) }))}
      />
      {quote.error && <ProblemBox error={quote.error} />}
      <div className="sum total num">
        <strong>{t('buy.to_pay')}</strong>
        <span className="price">{quote.data ? moneyText(quote.data.fee) : '–'}</span>
      </div>
      <div className="row" style={{ justifyContent: 'flex-end' }}>
        <Button onClick={close}>{t('action.cancel')}</Button>
        <Button
          type="primary"
          disabled={!quote.data || quote.isFetching}
          loading={order.isPending}
          onClick={() => order.mutate(undefined)}
        >
          {t('action.pay')}
        </Button>
      </div>
    </div>
  )
}

/** An upgrade to a dearer combination, with its fee. */
export function UpgradeModal({ instance, close }: { instance: Instance; close: () => void }) {
  const { t } = useTranslation()
  const text = useText()
  const navigate = useNavigate()
  const choices = useChoices(instance)
  const [sku, setSku] = useState<string>()
  const fee = useQuery({
    queryKey: ['fee', instance.id, sku],
    queryFn: () =>
      unwrap(
        api.GET('/api/v1/instances/{id}/change-quote', {
          params: { path: { id: instance.id }, query: { sku: sku ?? '' } },
        }),
      ),
    enabled: !!sku,
    retry: false,
  })
  const period = instance.auto_renewal
  const before = useQuery({
    queryKey: ['auto-renewal', instance.id, period],
    queryFn: () =>
      unwrap(
        api.GET('/api/v1/instances/{id}/auto-renewal', {
          params: { path: { id: instance.id }, query: { period: period ?? '' } },
        }),
      ),
    enabled: !!period,
    retry: false,
  })
  const order = useAction(
    () =>
      unwrap(
        api.POST('/api/v1/instances/{id}/change', {
          params: { path: { id: instance.id } },
          headers: fee.data && onVersion(fee.data),
          body: { sku: sku ?? '', pay: true },
        }),
      ),
    (o) => void navigate({ to: '/buyer/orders/$number', params: { number: o.order_number } as never }),
  )
  return (
    <Modal
      open
      title={t('action.upgrade')}
      onCancel={close}
      okText={t('action.pay')}
      okButtonProps={{ disabled: !fee.data, loading: order.isPending }}
      onOk={() => order.mutate(undefined)}
    >
      <p>{t('instance.upgrade_text')}</p>
      <Descriptions
        size="small"
        column={1}
        style={{ marginBottom: 12 }}
        items={[
          { key: 'p', label: t('field.product'), children: text(instance.product_name) },
          { key: 'n', label: t('instance.upgrade_now'), children: text(instance.sku_name) },
          { key: 'e', label: t('field.expires_at'), children: <Time at={instance.expires_at} /> },
        ]}
      />
      <Select
        aria-label={t('buy.combination')}
        style={{ width: '100%' }}
        value={sku}
        placeholder={t('buy.combination')}
        onChange={setSku}
        loading={choices.isPending}
        options={choices.data?.others.map((c) => ({ value: c.sku, label: text(c.name) }))}
      />
      {fee.error && <ProblemBox error={fee.error} />}
      {fee.data && (
        <div className="sum total num">
          <strong>{t('buy.to_pay')}</strong>
          <span className="price">{moneyText(fee.data.fee)}</span>
        </div>
      )}
      {fee.data?.renewal && instance.auto_renewal && (
        <Alert
          type="warning"
          showIcon
          style={{ marginTop: 12 }}
          title={t('instance.upgrade_renewal', {
            amount: moneyText(fee.data.renewal),
            period: t(`period.${instance.auto_renewal}`, { defaultValue: instance.auto_renewal }),
          })}
          description={before.data && t('instance.upgrade_renewal_was', { amount: moneyText(before.data.price) })}
        />
      )}
    </Modal>
  )
}
