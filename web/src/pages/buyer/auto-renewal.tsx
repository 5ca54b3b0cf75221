import { Button, Modal, Select, Switch } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { useAction } from '../../kit/action'
import { Time } from '../../kit/show'

type Instance = Schemas['InstanceView']

function AutoRenewalModal({ instance, periods, close }: { instance: Instance; periods: string[]; close: () => void }) {
  const { t } = useTranslation()
  const [on, setOn] = useState(true)
  const [period, setPeriod] = useState(instance.auto_renewal ?? '1m')
  const chosen = periods.includes(period) ? period : periods[0]
  const set = useAction(
    () =>
      unwrap(
        api.PUT('/api/v1/instances/{id}/auto-renewal', {
          params: { path: { id: instance.id } },
          body: { period: on ? chosen : null },
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
      okText={t('auto_renewal.save')}
      okButtonProps={{ loading: set.isPending, disabled: on && !chosen }}
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
    </Modal>
  )
}

/** Whether the service is renewed automatically, for how long each time and when next; changed by its buyer. */
export function AutoRenewal({ instance, periods }: { instance: Instance; periods: string[] }) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  const possible = instance.state === 'running' && !!instance.expires_at && !instance.trial
  return (
    <>
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
      </span>{' '}
      {possible && (
        <Button size="small" onClick={() => setOpen(true)}>
          {t('auto_renewal.change')}
        </Button>
      )}
      {open && <AutoRenewalModal instance={instance} periods={periods} close={() => setOpen(false)} />}
    </>
  )
}
