import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Alert, Descriptions, Modal, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { useAction } from '../../kit/action'
import { onVersion } from '../../kit/decide'
import { ProblemBox } from '../../kit/problem'
import { moneyText, Time, useText } from '../../kit/show'
import { periodsOf } from '../store/buy-box'

type Instance = Schemas['InstanceView']

const useProduct = (instance: Instance) =>
  useQuery({
    queryKey: ['product', instance.product_id],
    queryFn: () =>
      unwrap(api.GET('/api/v1/products/{product}', { params: { path: { product: instance.product_id } } })),
  })

/** What the instance's product sells under its specification, and how combinations are called. */
function useSpecification(instance: Instance) {
  const text = useText()
  const spec = useProduct(instance).data?.specifications.find((s) => s.key === instance.specification)
  const name = (key: string) =>
    key
      .split('/')
      .map((code, i) => text(spec?.attributes?.[i]?.values?.find((v) => v.code === code)?.name))
      .join(' / ') || '–'
  return { spec, name }
}

/** The periods that the instance's combination is sold for. */
export function usePeriods(instance: Instance): string[] {
  return periodsOf(useSpecification(instance).spec?.skus?.find((s) => s.key === instance.sku))
}

/** A renewal, or the conversion of a trial. */
export function RenewModal({ instance, close }: { instance: Instance; close: () => void }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const [sku, setSku] = useState(instance.sku)
  const { spec, name } = useSpecification(instance)
  const periods = periodsOf(spec?.skus?.find((s) => s.key === sku))
  const [period, setPeriod] = useState('1m')
  const chosen = periods.includes(period) ? period : periods[0]
  const changed = sku !== instance.sku
  const quote = useQuery({
    queryKey: ['renewal', instance.id, sku, chosen],
    queryFn: async () => {
      if (changed) {
        const { fee, version } = await unwrap(
          api.GET('/api/v1/instances/{id}/renewal-quote', {
            params: { path: { id: instance.id }, query: { sku, period: chosen ?? '' } },
          }),
        )
        return { total: fee, version }
      }
      const { product_id: product, specification, quantity } = instance
      return unwrap(api.POST('/api/v1/quotes', { body: { product, specification, sku, period: chosen, quantity } }))
    },
    enabled: !!chosen,
    retry: false,
  })
  const body = { period: chosen ?? '', pay: true, ...(changed ? { sku } : {}) }
  const order = useAction(
    () =>
      unwrap(
        api.POST(instance.trial ? '/api/v1/instances/{id}/convert' : '/api/v1/instances/{id}/renew', {
          params: { path: { id: instance.id } },
          headers: quote.data && onVersion(quote.data),
          body,
        }),
      ),
    (o) => void navigate({ to: '/buyer/orders/$number', params: { number: o.order_number } as never }),
  )
  return (
    <Modal
      open
      title={t(instance.trial ? 'action.convert' : 'action.renew')}
      onCancel={close}
      okText={t('action.pay')}
      okButtonProps={{ disabled: !quote.data, loading: order.isPending }}
      onOk={() => order.mutate(undefined)}
    >
      <p>
        {t(instance.trial ? 'instance.convert_text' : changed ? 'instance.renew_change_text' : 'instance.renew_text')}
      </p>
      {!instance.trial && spec?.renewal_change_allowed && instance.state === 'running' && (
        <p>
          <Select
            aria-label={t('buy.combination')}
            style={{ width: '100%' }}
            value={sku}
            onChange={setSku}
            options={(spec.skus ?? [])
              .filter((x) => x.key === instance.sku || x.on_sale !== false)
              .map((x) => ({ value: x.key ?? '', label: name(x.key ?? '') }))}
          />
        </p>
      )}
      <Select
        aria-label={t('buy.period')}
        style={{ width: 200 }}
        value={chosen}
        onChange={setPeriod}
        options={periods.map((value) => ({ value, label: t(`period.${value}`) }))}
      />
      {quote.error && <ProblemBox error={quote.error} />}
      {quote.data && (
        <div className="sum total num">
          <strong>{t('buy.to_pay')}</strong>
          <span className="price">{moneyText(quote.data.total)}</span>
        </div>
      )}
    </Modal>
  )
}

/** An upgrade to a dearer combination, with its fee. */
export function UpgradeModal({ instance, close }: { instance: Instance; close: () => void }) {
  const { t } = useTranslation()
  const text = useText()
  const navigate = useNavigate()
  const { spec, name } = useSpecification(instance)
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
  const others = (spec?.skus ?? []).filter((s) => s.key !== instance.sku && s.on_sale !== false)
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
        options={others.map((s) => ({ value: s.key ?? '', label: name(s.key ?? '') }))}
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
