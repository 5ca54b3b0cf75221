import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Progress } from 'antd'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { Await } from '../../kit/page'
import { Time, useText } from '../../kit/show'

type Package = Schemas['PackageView']

/** What is left of a package, as a bar with its numbers. */
export function Left({ of, linked }: { of: Package; linked?: boolean }) {
  const { t } = useTranslation()
  const text = useText()
  const unit = text(of.unit)
  const percent = Number(of.quota) > 0 ? Math.round((100 * Number(of.left)) / Number(of.quota)) : 0
  const label = t('package.left', { left: of.left, quota: of.quota, unit })
  return (
    <div>
      <div className="sum">
        <span>
          {linked ? (
            <Link to="/buyer/instances/$id" params={{ id: of.instance } as never}>
              {text(of.name)}
            </Link>
          ) : (
            text(of.meter)
          )}
        </span>
        <span className="num">{label}</span>
      </div>
      <Progress percent={percent} showInfo={false} status={percent === 0 ? 'exception' : 'normal'} aria-label={label} />
      {of.end && (
        <div className="dim">
          {t(of.reset === 'never' ? 'package.until' : 'package.resets')} <Time at={of.end} />
        </div>
      )}
    </div>
  )
}

/** A package: what is left, and what happens when it is used up. */
export function PackagePanel({ instance }: { instance: string }) {
  const { t } = useTranslation()
  const query = useQuery({
    queryKey: ['package', instance],
    queryFn: () => unwrap(api.GET('/api/v1/instances/{id}/package', { params: { path: { id: instance } } })),
  })
  return (
    <Await query={query}>
      {(of) => (
        <div className="stack">
          {of.begin ? <Left of={of} /> : <p className="muted">{t('package.over')}</p>}
          <p className="muted">
            {t(`package.reset_${of.reset}`)} {t(of.stop_when_used_up ? 'package.stops' : 'package.excess')}{' '}
            {t('package.no_refund')}
          </p>
        </div>
      )}
    </Await>
  )
}
