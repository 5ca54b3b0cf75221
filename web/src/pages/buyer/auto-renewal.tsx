import { useQuery } from '@tanstack/react-query'
import { Alert, Button, Modal, Select, Switch } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { useAction } from '../../kit/action'
import { ProblemBox } from '../../kit/problem'
import { moneyText, Time } from '../../kit/show'

type Instance = Schemas['InstanceView']

/** What a term costs now and cost last, and that switching it on is the consent. */
function Prices({ quote, already }: { quote: Schemas['AutoRenewalQuote']; already: boolean }) {
  const { t } = useTranslation()
  const price = moneyText(quote.price)
  return (
    <div className="num" style={{ marginTop: 12 }}>
      {quote.last && quote.last.amount !== quote.price.amount && (
        <div className="sum">
          <span className="muted">{t('auto_renewal.last')}</span>
          <span>{moneyText(quote.last)}</span>
        </div>
      )}
      <div className="sum total">
        <strong>{t('auto_renewal.now')}</strong>
        <span className="price">{price}</span>
      </div>
      {quote.dearer ? (
        <Alert type="warning" showIcon title={t('auto_renewal.dearer', { price })} />
      ) : (
        <p className="muted">{t(already ? 'auto_renewal.consented' : 'auto_renewal.consent', { price })}</p>
      )}
    </div>
  )
}

function AutoRenewalModal({ instance, periods, close }: { instance: Instance; periods: string[]; close: () => void }) {
  const { t } = useTranslation()
  const [on, setOn] = useState(true)
  const [period, setPeriod] = useState(instance.auto_renewal ?? '1m')
  const chosen = periods.includes(period) ? period : periods[0]
  const path = { id: instance.id }
  const already = !!instance.auto_renewal
  const quote = useQuery({
    queryKey: ['auto-renewal', instance.id, chosen],
    queryFn: () =>
      unwrap(api.GET('/api/v1/instances/{id}/auto-renewal', { params: { path, query: { period: chosen ?? '' } } })),
    enabled: on && !!chosen,
    retry: false,
  })
  const set = useAction(
    () =>
      unwrap(
        api.PUT('/api/v1/instances/{id}/auto-renewal', {
          params: { path },
          body: on ? { period: chosen, price: quote.data?.price } : { period: null },
        }),
      ),
    close,
    t('auto_renewal.saved'),
  )
  return (
    <Modal
      open
      title={t('auto_renewal.title')}
      onCancel={close}
      okText={t(
        quote.data?.dearer && on
          ? 'auto_renewal.agree'
          : on && !already
            ? 'auto_renewal.switch_on'
            : 'auto_renewal.save',
      )}
      okButtonProps={{ loading: set.isPending, disabled: on && !quote.data }}
      onOk={() => set.mutate(undefined)}
    >
      <p>{t('auto_renewal.text')}</p>
      <div className="row">
        <Switch
          aria-label={t('auto_renewal.title')}
          checked={on}
          onChange={setOn}
          checkedChildren={t('auto_renewal.on')}
          unCheckedChildren={t('auto_renewal.off')}
        />
        <Select
          aria-label={t('buy.period')}
          style={{ width: 160 }}
          disabled={!on}
          value={chosen}
          onChange={setPeriod}
          options={periods.map((value) => ({ value, label: t(`period.${value}`) }))}
        />
      </div>
      {on && quote.error && <ProblemBox error={quote.error} retry={() => void quote.refetch()} />}
      {on && quote.data && <Prices quote={quote.data} already={already} />}
    </Modal>
  )
}

/** Whether the service is renewed automatically, for how long each time and when next; changed by its buyer. */
export function AutoRenewal({ instance, periods }: { instance: Instance; periods: string[] }) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  const possible = instance.state === 'running' && !!instance.expires_at && !instance.trial
  return (
    <div className="row">
      <span>
        {instance.auto_renewal
          ? t('auto_renewal.every', {
              period: t(`period.${instance.auto_renewal}`, { defaultValue: instance.auto_renewal }),
            })
          : t('auto_renewal.off')}
        {instance.next_auto_renewal && (
          <span className="muted">
            {' '}
            · {t('auto_renewal.next')} <Time at={instance.next_auto_renewal} />
          </span>
        )}
      </span>
      {possible && (
        <Button size="small" onClick={() => setOpen(true)}>
          {t('auto_renewal.change')}
        </Button>
      )}
      {open && <AutoRenewalModal instance={instance} periods={periods} close={() => setOpen(false)} />}
    </div>
  )
}
